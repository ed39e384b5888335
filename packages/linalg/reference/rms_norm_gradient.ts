// Derivative of y = g x r, r = 1 / √(mean x² + ε), over runs x of n elements:
//
//   u = g dy    dx = r (u − x r² mean(u x))    dg = Σ dy x r
//
// B. Zhang and R. Sennrich, "Root Mean Square Layer Normalization", 2019, arXiv:1910.07467, for y.

import type { HostArray } from "../kernels.ts";
import type { NormGradientParams } from "../training_kernels.ts";

/** Differentiates. */
export function rmsNormGradient(p: NormGradientParams<HostArray>): void {
  const { x, gain, gradient, rows, cols } = p;
  const gains = new Float64Array(cols);
  for (let start = 0; start < rows * cols; start += cols) {
    let squares = 0;
    let dot = 0;
    for (let j = 0; j < cols; j++) {
      squares += x[start + j] ** 2;
      dot += gradient[start + j] * gain[j] * x[start + j];
    }
    const r = 1 / Math.sqrt(squares / cols + p.epsilon);
    for (let j = 0; j < cols; j++) {
      const u = gradient[start + j] * gain[j];
      p.gradientX[start + j] = r * (u - x[start + j] * r * r * dot / cols);
      gains[j] += gradient[start + j] * x[start + j] * r;
    }
  }
  p.gradientGain.set(gains);
}
