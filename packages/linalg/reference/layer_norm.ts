// Layer normalization of runs x of n elements, and its derivative:
//
//   h = (x − μ) r    μ = mean x    r = 1 / √(mean (x − μ)² + ε)    y = g h + b
//   u = g dy         dx = r (u − mean u − h mean(u h))    dg = Σ dy h    db = Σ dy
//
// J. Ba, J. Kiros and G. Hinton, "Layer Normalization", 2016, arXiv:1607.06450, section 3.

import type { HostArray } from "../kernels.ts";
import type { NormGradientParams, TrainingKernels } from "../training_kernels.ts";

/** Normalizes. */
export function layerNorm(p: Parameters<TrainingKernels<HostArray>["layerNorm"]>[0]): void {
  const { gain, bias, out, rows, cols } = p;
  for (let i = 0; i < rows; i++) {
    const { h } = normalized(p.x.subarray(i * cols, (i + 1) * cols), p.epsilon);
    for (let j = 0; j < cols; j++) out[i * cols + j] = h[j] * gain[j] + (bias ? bias[j] : 0);
  }
}

/** Differentiates. */
export function layerNormGradient(
  p: NormGradientParams<HostArray> & { gradientBias: HostArray },
): void {
  const { gain, gradient, rows, cols } = p;
  const gains = new Float64Array(cols);
  const biases = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    const { h, r } = normalized(p.x.subarray(i * cols, (i + 1) * cols), p.epsilon);
    const dy = gradient.subarray(i * cols, (i + 1) * cols);
    let sum = 0;
    let dot = 0;
    for (let j = 0; j < cols; j++) {
      sum += dy[j] * gain[j];
      dot += dy[j] * gain[j] * h[j];
      gains[j] += dy[j] * h[j];
      biases[j] += dy[j];
    }
    for (let j = 0; j < cols; j++) {
      p.gradientX[i * cols + j] = r * (dy[j] * gain[j] - sum / cols - h[j] * dot / cols);
    }
  }
  p.gradientGain.set(gains);
  p.gradientBias.set(biases);
}

/** h and r of one run. */
function normalized(x: HostArray, epsilon: number): { h: Float64Array; r: number } {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += x[j];
  const mean = sum / x.length;
  let squares = 0;
  for (let j = 0; j < x.length; j++) squares += (x[j] - mean) ** 2;
  const r = 1 / Math.sqrt(squares / x.length + epsilon);
  return { h: Float64Array.from(x, (value) => (value - mean) * r), r };
}
