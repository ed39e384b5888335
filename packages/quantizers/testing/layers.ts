// Layers with inputs of many kinds, and what is lost of their outputs.

import { randomNormal, type Tensor, tensor } from "@pare/tensor";

/** Σ x xᵀ of inputs `[tokens, channels]`. */
export function gramOf(x: ArrayLike<number>, channels: number): Tensor<"f64"> {
  const gram = new Float64Array(channels * channels);
  for (let row = 0; row < x.length; row += channels) {
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j < channels; j++) gram[i * channels + j] += x[row + i] * x[row + j];
    }
  }
  return tensor(gram, [channels, channels], "f64");
}

/** Σ x xᵀ of `tokens` random inputs that correlate, some channels being larger than others. */
export function randomGram(channels: number, tokens: number, seed: number): Tensor<"f64"> {
  const noise = randomNormal([tokens, channels], { seed }).data;
  const x = new Float64Array(noise.length);
  for (let token = 0; token < tokens; token++) {
    let previous = 0;
    for (let i = 0; i < channels; i++) {
      // A walk from channel to channel, and a few that are three times as large.
      previous = 0.8 * previous + 0.6 * noise[token * channels + i];
      x[token * channels + i] = i % 11 === 3 ? 3 * previous : previous;
    }
  }
  return gramOf(x, channels);
}

/** c · I. */
export function identityGram(channels: number, c: number): Tensor<"f64"> {
  const data = Float64Array.from(
    { length: channels ** 2 },
    (_, i) => i % (channels + 1) === 0 ? c : 0,
  );
  return tensor(data, [channels, channels], "f64");
}

/** W − Ŵ in f64. */
export function errorsOf(weight: Tensor, restored: Tensor): Float64Array {
  return Float64Array.from(weight.data, (value, i) => value - restored.data[i]);
}

/** tr(E H Eᵀ). */
export function lossOf(errors: ArrayLike<number>, hessian: Tensor<"f64">): number {
  const [n] = hessian.shape;
  let sum = 0;
  for (let start = 0; start < errors.length; start += n) {
    for (let j = 0; j < n; j++) {
      let product = 0;
      for (let k = 0; k < n; k++) product += hessian.data[j * n + k] * errors[start + k];
      sum += errors[start + j] * product;
    }
  }
  return sum;
}
