import type { Batch, TrainingShape, Weights } from "./shapes.ts";

/** A loss and what it depends on. */
export interface LossGradients {
  readonly loss: number;
  /** The gradient of each weight, row by row, as the weights are. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** A model that somebody trains on one batch, again and again. */
export interface Trainer extends AsyncDisposable {
  /** Differentiates at the weights as they are, and leaves these alone. */
  differentiate(): Promise<LossGradients>;
  /** Makes a step of AdamW, complete when it resolves: the loss before. */
  step(): Promise<number>;
  /** How large its memory is, in bytes: as it only grows, the most there was of it. */
  memoryBytes(): number;
}

/**
 * Readies a model for training.
 *
 * @param shape The model.
 * @param weights What it starts from.
 * @param batch What it is trained on.
 * @param threads How many threads may compute; the first call in a process decides.
 */
export type CreateTrainer = (
  shape: TrainingShape,
  weights: Weights,
  batch: Batch,
  threads: number,
) => Promise<Trainer>;

/** The constants of everybody's AdamW. */
export const ADAMW = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  /** Of matrices; vectors do not decay. */
  weightDecay: 0.1,
} as const;
