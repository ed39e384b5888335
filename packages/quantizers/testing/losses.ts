// What is lost of the numbers of a matrix.

import type { Tensor } from "@pare/tensor";

/** Σ (w − ŵ)². */
export function squaredError(weight: Tensor, restored: Tensor): number {
  return weight.data.reduce((sum, value, i) => sum + (value - restored.data[i]) ** 2, 0);
}

/** Σ (w − ŵ)² / Σ w². */
export function shareLost(weight: Tensor, restored: Tensor): number {
  return squaredError(weight, restored) / weight.data.reduce((sum, value) => sum + value ** 2, 0);
}
