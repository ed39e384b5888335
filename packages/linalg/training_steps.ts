// What a device offers for training beside products: derivatives that no product can express, the
// losses, and the step of the optimizer. See docs/decisions/0008-training-steps-are-primitives.md.

import type { Activation, AttentionOptions } from "./device.ts";
import type { DeviceArray } from "./device_array.ts";

/** What causal attention was given and what it made of it, as its derivative needs them. */
export interface AttentionRecord {
  /** Queries, as `attention` took them. */
  readonly q: DeviceArray;
  /** Keys. */
  readonly k: DeviceArray;
  /** Values. */
  readonly v: DeviceArray;
  /** What `attention` returned. */
  readonly out: DeviceArray;
  /** What `attention` wrote there: one number for each query and head. */
  readonly logSumExp: DeviceArray;
}

/** What {@linkcode TrainingSteps.attentionGradient} returns. */
export interface AttentionGradient {
  /** Of the shape of the queries. */
  readonly q: DeviceArray;
  /** Of the shape of the keys, summed over the query heads that share them. */
  readonly k: DeviceArray;
  /** Of the shape of the values, likewise. */
  readonly v: DeviceArray;
}

/** What {@linkcode TrainingSteps.rmsNormGradient} returns. */
export interface RmsNormGradient {
  /** Of the shape of the input. */
  readonly x: DeviceArray;
  /** Of the shape of the gain, summed over all runs. */
  readonly gain: DeviceArray;
}

/** What {@linkcode TrainingSteps.layerNormGradient} returns. */
export interface LayerNormGradient extends RmsNormGradient {
  /** Of the shape of the gain: the sum of what came in, the derivative of a bias. */
  readonly bias: DeviceArray;
}

/** What {@linkcode TrainingSteps.gatedActivationGradient} returns, both of the shape of the input. */
export interface GatedActivationGradient {
  /** Of what the function was applied to. */
  readonly gate: DeviceArray;
  /** Of what it was multiplied with. */
  readonly up: DeviceArray;
}

/** What AdamW keeps of one parameter: running means of its gradient and of the gradient's square. */
export interface AdamWMoments {
  /** m, of the shape of the parameter, zeros before the first step. */
  readonly first: DeviceArray;
  /** v, likewise. */
  readonly second: DeviceArray;
}

/** The numbers of one step of AdamW; see {@linkcode TrainingSteps.adamW}. */
export interface AdamWStep {
  /** The number of the step, from 1. */
  readonly step: number;
  /** The learning rate, as scheduled for this step. */
  readonly learningRate: number;
  /** β₁, the share of the mean gradient that stays. */
  readonly beta1: number;
  /** β₂, the share of the mean square that stays. */
  readonly beta2: number;
  /** ε, added to the root of the mean square. */
  readonly epsilon: number;
  /** How fast the parameter decays, in units of the learning rate. */
  readonly weightDecay: number;
  /** What the gradient is multiplied with before anything else, as for clipping. */
  readonly gradientScale: number;
}

/**
 * The steps of training that a device computes where its arrays are.
 *
 * "Gradient" is always that of one number, the loss, with respect to an array, and has its shape.
 * Where an operation takes the `gradient` of what another one returned, it returns the gradients of
 * what that one was given. Linear layers, residuals and rotary embeddings need nothing of their own:
 * their derivatives are products, sums and rotations by the opposite angle.
 */
export interface TrainingSteps {
  /**
   * Derivative of `attention`, with probabilities computed anew from `logSumExp`: memory grows with
   * the tokens, not with their square.
   *
   * @param record What `attention` was given and returned, of one dtype.
   * @param gradient Of what it returned.
   * @param options Those given to `attention`; all keys must count.
   */
  attentionGradient(
    record: AttentionRecord,
    gradient: DeviceArray,
    options: Omit<AttentionOptions, "keyCount" | "logSumExp">,
  ): AttentionGradient;
  /** Derivative of `rmsNorm`. */
  rmsNormGradient(
    x: DeviceArray,
    gain: DeviceArray,
    gradient: DeviceArray,
    epsilon: number,
  ): RmsNormGradient;
  /**
   * gain · (x − mean x) / √(variance x + epsilon) + bias over runs as long as `gain`, which divides
   * the last dimension.
   *
   * @param bias Of the shape of `gain`; `null` for none.
   */
  layerNorm(
    x: DeviceArray,
    gain: DeviceArray,
    bias: DeviceArray | null,
    epsilon: number,
  ): DeviceArray;
  /** Derivative of `layerNorm`. */
  layerNormGradient(
    x: DeviceArray,
    gain: DeviceArray,
    gradient: DeviceArray,
    epsilon: number,
  ): LayerNormGradient;
  /** Derivative of `activate`; that of ReLU is 0 at 0. */
  activateGradient(x: DeviceArray, gradient: DeviceArray, activation: Activation): DeviceArray;
  /** `activate(gate) · up`, element by element: SwiGLU with "silu". */
  gatedActivation(gate: DeviceArray, up: DeviceArray, activation: Activation): DeviceArray;
  /** Derivative of `gatedActivation`. */
  gatedActivationGradient(
    gate: DeviceArray,
    up: DeviceArray,
    gradient: DeviceArray,
    activation: Activation,
  ): GatedActivationGradient;
  /**
   * log Σ exp(z) − z[target] of each row of logits, in nats.
   *
   * @param logits z, `[…, vocabulary]`.
   * @param targets u32 `[…]`: the token that came.
   * @returns `[…]`.
   */
  crossEntropy(logits: DeviceArray, targets: DeviceArray): DeviceArray;
  /**
   * Derivative of `crossEntropy`: (softmax(z) − onehot(target)) · gradient, row by row.
   *
   * @param gradient Of what `crossEntropy` returned, `[…]`.
   */
  crossEntropyGradient(
    logits: DeviceArray,
    targets: DeviceArray,
    gradient: DeviceArray,
  ): DeviceArray;
  /**
   * Σ p · (log p − log q) of each row, p = softmax(teacher / T) and q = softmax(student / T), in nats.
   *
   * @param teacher Logits `[…, vocabulary]`.
   * @param student Logits of the same shape.
   * @param temperature T, positive.
   * @returns `[…]`.
   */
  klDivergence(teacher: DeviceArray, student: DeviceArray, temperature: number): DeviceArray;
  /**
   * Derivative of `klDivergence` with respect to the student: (q − p) / T · gradient, row by row.
   *
   * @param gradient Of what `klDivergence` returned, `[…]`.
   */
  klDivergenceGradient(
    teacher: DeviceArray,
    student: DeviceArray,
    gradient: DeviceArray,
    temperature: number,
  ): DeviceArray;
  /**
   * Adds row i of `rows` to row `indices[i]` of `target`, in place and in the order of i: the
   * derivative of `gatherRows`.
   *
   * @param target `[count, cols]`.
   * @param indices u32 `[n]`.
   * @param rows `[n, cols]`.
   */
  scatterRows(target: DeviceArray, indices: DeviceArray, rows: DeviceArray): void;
  /**
   * One step of AdamW, in place: with g the gradient times `gradientScale`,
   *
   *   m = β₁ m + (1 − β₁) g        p = p · (1 − rate · decay) − rate · m̂ / (√v̂ + ε)
   *   v = β₂ v + (1 − β₂) g²       m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
   *
   * I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", 2019, arXiv:1711.05101,
   * algorithm 2.
   *
   * @param parameter p.
   * @param gradient Of its shape; only read.
   * @param moments m and v.
   * @param step t and the constants.
   */
  adamW(
    parameter: DeviceArray,
    gradient: DeviceArray,
    moments: AdamWMoments,
    step: AdamWStep,
  ): void;
}
