import type { HostArray } from "../kernels.ts";
import type { SolveBlockParams } from "../step_kernels.ts";

/** Solves one system after the other by substitution. */
export function solveBlock(p: SolveBlockParams<HostArray>): void {
  const { triangle, x, n, isTransposed, isBackward, isUnit } = p;
  const [rowT, colT] = isTransposed ? [1, n] : [n, 1];
  for (let i = 0; i < p.count; i++) {
    const start = p.offset + i * p.systemStep;
    for (let step = 0; step < n; step++) {
      const j = isBackward ? n - 1 - step : step;
      const [from, to] = isBackward ? [j + 1, n] : [0, j];
      let sum = x[start + j * p.unknownStep];
      for (let k = from; k < to; k++) {
        sum -= triangle[j * rowT + k * colT] * x[start + k * p.unknownStep];
      }
      x[start + j * p.unknownStep] = isUnit ? sum : sum / triangle[j * (n + 1)];
    }
  }
}
