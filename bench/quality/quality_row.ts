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
  /** Their bytes on disk. */
  readonly layerBytes: number;
  /** Those of the whole folder: of all else, of the names of tensors, and of the manifest too. */
  readonly folderBytes: number;
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

/** By which size methods are made equal: that of the blocks' matrices, or of the whole folder. */
export type EqualSize = "layers" | "folder";
