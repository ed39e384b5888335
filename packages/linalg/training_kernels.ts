// What a backend computes for training: the kernels of `training_steps.ts`.

import type { Activation } from "./device.ts";
import type { AttentionParams } from "./kernels.ts";

/** What a backend's derivative of causal attention is given; `keys` equals `keyRows`. */
export interface AttentionGradientParams<S> extends Omit<AttentionParams<S>, "logSumExp"> {
  /** Log of the sum of exponentials of the scaled scores, `[batch, queries, heads]`. */
  logSumExp: S;
  /** Of `out`. */
  gradient: S;
  /** Written, of the shape of q. */
  gradientQ: S;
  /** Written, of the shape of k. */
  gradientK: S;
  /** Written, of the shape of v. */
  gradientV: S;
}

/** What a backend's derivatives of norms are given. */
export interface NormGradientParams<S> {
  /** `[rows, cols]`. */
  x: S;
  /** `[cols]`. */
  gain: S;
  /** Of what the norm returned, `[rows, cols]`. */
  gradient: S;
  /** Written, `[rows, cols]`. */
  gradientX: S;
  /** Written, `[cols]`. */
  gradientGain: S;
  /** Of all. */
  dtype: "f32" | "f64";
  /** Runs that are normalized. */
  rows: number;
  /** Elements of one. */
  cols: number;
  /** Added to the mean square. */
  epsilon: number;
}

/** The kernels of training; what holds for {@linkcode Kernels} holds for them. */
export interface TrainingKernels<S> {
  /** Derivative of causal attention. */
  attentionGradient(p: AttentionGradientParams<S>): void;
  /** Derivative of `rmsNorm`. */
  rmsNormGradient(p: NormGradientParams<S>): void;
  /** `out = gain · (x − mean x) / √(variance x + epsilon) + bias` of each row. */
  layerNorm(p: {
    x: S;
    gain: S;
    bias: S | null;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    epsilon: number;
  }): void;
  /** Derivative of `layerNorm`; `gradientBias` `[cols]` is written. */
  layerNormGradient(p: NormGradientParams<S> & { gradientBias: S }): void;
  /** `out = gradient · activation'(x)`. */
  activateGradient(p: {
    x: S;
    gradient: S;
    out: S;
    dtype: "f32" | "f64";
    length: number;
    activation: Activation;
  }): void;
  /** `out = activation(gate) · up`. */
  gatedActivation(p: {
    gate: S;
    up: S;
    out: S;
    dtype: "f32" | "f64";
    length: number;
    activation: Activation;
  }): void;
  /** Derivatives of `gatedActivation`. */
  gatedActivationGradient(p: {
    gate: S;
    up: S;
    gradient: S;
    gradientGate: S;
    gradientUp: S;
    dtype: "f32" | "f64";
    length: number;
    activation: Activation;
  }): void;
  /** `out[i] = log Σ exp(logits[i]) − logits[i, targets[i]]`; targets u32 `[rows]`. */
  crossEntropy(p: {
    logits: S;
    targets: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
  }): void;
  /** `out[i] = gradient[i] · (softmax(logits[i]) − onehot(targets[i]))`. */
  crossEntropyGradient(p: {
    logits: S;
    targets: S;
    gradient: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
  }): void;
  /** `out[i] = KL(softmax(factor · teacher[i]) ‖ softmax(factor · student[i]))`. */
  klDivergence(p: {
    teacher: S;
    student: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    factor: number;
  }): void;
  /** `out[i] = gradient[i] · factor · (softmax(factor · student[i]) − softmax(factor · teacher[i]))`. */
  klDivergenceGradient(p: {
    teacher: S;
    student: S;
    gradient: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    factor: number;
  }): void;
  /** `target[indices[i]] += rows[i]` in the order of i; indices u32 `[count]`, rows `[count, cols]`. */
  scatterRows(p: {
    target: S;
    indices: S;
    rows: S;
    dtype: "f32" | "f64";
    targetRows: number;
    count: number;
    cols: number;
  }): void;
  /**
   * `first += (1 − beta1) (g − first)`, `second += (1 − beta2) (g² − second)`,
   * `parameter = keep · parameter − rate · first / (√(second · secondScale) + epsilon)`, in place, with
   * g = gradientScale · gradient: `rate` is the learning rate / (1 − beta1ᵗ), `secondScale`
   * 1 / (1 − beta2ᵗ), and `keep` 1 − the learning rate · the weight decay.
   */
  adamW(p: {
    parameter: S;
    gradient: S;
    first: S;
    second: S;
    dtype: "f32" | "f64";
    length: number;
    gradientScale: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    rate: number;
    secondScale: number;
    keep: number;
  }): void;
}
