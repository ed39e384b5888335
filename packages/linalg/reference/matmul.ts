import type { HostArray, MatmulParams } from "../kernels.ts";
import { numbersOf } from "./halves.ts";

/** Multiplies matrices: one dot product in f64 per element. */
export function matmul(p: MatmulParams<HostArray>): void {
  const { c, m, n, k, transposeA, transposeB } = p;
  const a = numbersOf(p.a, p.dtypeA);
  const b = numbersOf(p.b, p.dtypeB);
  const [rowA, colA] = transposeA ? [1, m] : [k, 1];
  const [rowB, colB] = transposeB ? [1, k] : [n, 1];
  for (let batch = 0; batch < p.batch; batch++) {
    const startA = batch * p.strideA;
    const startB = batch * p.strideB;
    const startC = batch * p.strideC + p.offsetC;
    for (let i = 0; i < m; i++) {
      const end = p.lower ? Math.min(n, i + 1) : n;
      for (let j = 0; j < end; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          sum += a[startA + i * rowA + l * colA] * b[startB + l * rowB + j * colB];
        }
        const target = startC + i * p.leadC + j;
        c[target] = p.alpha * sum + (p.accumulate ? c[target] : 0);
      }
    }
  }
}
