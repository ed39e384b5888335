// Softmax cross-entropy of each row of logits z with the token y that came:
//
//   loss = log Σ_j exp(z_j − m) − (z_y − m)    m = max z    dz = (softmax(z) − onehot(y)) · gradient

import type { HostArray } from "../kernels.ts";
import type { TrainingKernels } from "../training_kernels.ts";

/** The loss of each row. */
export function crossEntropy(p: Parameters<TrainingKernels<HostArray>["crossEntropy"]>[0]): void {
  const { logits, targets, out, rows, cols } = p;
  for (let i = 0; i < rows; i++) {
    const row = logits.subarray(i * cols, (i + 1) * cols);
    const max = largest(row);
    let total = 0;
    for (let j = 0; j < cols; j++) total += Math.exp(row[j] - max);
    out[i] = Math.log(total) - (row[Math.min(targets[i], cols - 1)] - max);
  }
}

/** Its derivative. */
export function crossEntropyGradient(
  p: Parameters<TrainingKernels<HostArray>["crossEntropyGradient"]>[0],
): void {
  const { logits, targets, gradient, out, rows, cols } = p;
  for (let i = 0; i < rows; i++) {
    const row = logits.subarray(i * cols, (i + 1) * cols);
    const target = Math.min(targets[i], cols - 1);
    const max = largest(row);
    let total = 0;
    for (let j = 0; j < cols; j++) total += Math.exp(row[j] - max);
    for (let j = 0; j < cols; j++) {
      const probability = Math.exp(row[j] - max) / total;
      out[i * cols + j] = gradient[i] * (probability - (j === target ? 1 : 0));
    }
  }
}

function largest(row: HostArray): number {
  let max = -Infinity;
  for (let j = 0; j < row.length; j++) max = Math.max(max, row[j]);
  return max;
}
