import type { HostArray, Kernels } from "../kernels.ts";

/** Cholesky factor of a block on the diagonal, row after row. */
export function choleskyBlock(p: Parameters<Kernels<HostArray>["choleskyBlock"]>[0]): void {
  const { x, lead, at, size, status } = p;
  const start = at * (lead + 1);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = x[start + i * lead + j];
      for (let k = 0; k < j; k++) sum -= x[start + i * lead + k] * x[start + j * lead + k];
      if (j < i) x[start + i * lead + j] = sum / x[start + j * lead + j];
      else if (sum > 0) x[start + i * lead + i] = Math.sqrt(sum);
      else {
        if (status[0] === 0) status.set([at + i + 1, sum]);
        return;
      }
    }
  }
}
