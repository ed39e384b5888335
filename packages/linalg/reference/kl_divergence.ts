// Divergence of a student's rows of logits from a teacher's, both multiplied with f = 1 / T:
//
//   loss = Σ_j p_j (log p_j − log q_j)    dz = f (q − p) · gradient
//
// for p the softmax of the teacher's and q of the student's.

import type { HostArray } from "../kernels.ts";
import type { TrainingKernels } from "../training_kernels.ts";

/** The loss of each row. */
export function klDivergence(p: Parameters<TrainingKernels<HostArray>["klDivergence"]>[0]): void {
  const { teacher, student, out, rows, cols, factor } = p;
  for (let i = 0; i < rows; i++) {
    const wanted = logSoftmax(teacher.subarray(i * cols, (i + 1) * cols), factor);
    const actual = logSoftmax(student.subarray(i * cols, (i + 1) * cols), factor);
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += Math.exp(wanted[j]) * (wanted[j] - actual[j]);
    out[i] = sum;
  }
}

/** Its derivative with respect to the student. */
export function klDivergenceGradient(
  p: Parameters<TrainingKernels<HostArray>["klDivergenceGradient"]>[0],
): void {
  const { teacher, student, gradient, out, rows, cols, factor } = p;
  for (let i = 0; i < rows; i++) {
    const wanted = logSoftmax(teacher.subarray(i * cols, (i + 1) * cols), factor);
    const actual = logSoftmax(student.subarray(i * cols, (i + 1) * cols), factor);
    for (let j = 0; j < cols; j++) {
      const difference = Math.exp(actual[j]) - Math.exp(wanted[j]);
      out[i * cols + j] = gradient[i] * factor * difference;
    }
  }
}

/** f z − log Σ exp(f z), from what f is multiplied with only after the largest z is taken off. */
function logSoftmax(z: HostArray, factor: number): Float64Array {
  let max = -Infinity;
  for (const value of z) max = Math.max(max, value);
  const scaled = Float64Array.from(z, (value) => factor * (value - max));
  let total = 0;
  for (const value of scaled) total += Math.exp(value);
  const log = Math.log(total);
  return scaled.map((value) => value - log);
}
