import type { Mean } from "@pare/evaluators";
import type { WrittenStep } from "./compress_in_memory.ts";

/** What a method does to the model on one text. */
export interface Score {
  readonly perplexity: Mean;
  /** KL divergence from the original's next tokens, in nats per token. */
  readonly kl: Mean;
  /** The share of tokens for which both rank the same one first. */
  readonly top1Agreement: Mean;
}

/** What was measured of a contender. */
export interface QualityRow {
  readonly group: string;
  readonly name: string;
  readonly steps: readonly WrittenStep[];
  /** Of the matrices of the blocks, side information included. */
  readonly bitsPerWeight: number;
  /** Of the whole folder. */
  readonly byteLength: number;
  /** The mean over the layers of ‖(W - Ŵ) X‖² / ‖W X‖² on the calibration text. */
  readonly meanActivationNmse: number;
  readonly compressMs: number;
  /** By text. */
  readonly scores: Readonly<Record<string, Score>>;
}

/** A contender that could not be measured, and why. */
export interface FailedRow {
  readonly group: string;
  readonly name: string;
  readonly failed: string;
}
