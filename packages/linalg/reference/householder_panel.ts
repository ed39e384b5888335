import type { HostArray, Kernels } from "../kernels.ts";
import { dot, reflect } from "./reflector.ts";

/** Reflectors of a panel, one column after the other, each brought up to date when its turn comes. */
export function householderPanel(p: Parameters<Kernels<HostArray>["householderPanel"]>[0]): void {
  const { x, t, r, count, length } = p;
  t.fill(0);
  r.fill(0);
  // Columns in f64, so that they are rounded once.
  const vectors: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const column = Float64Array.from(x.subarray(k * length, (k + 1) * length));
    for (const [i, v] of vectors.entries()) {
      const factor = t[i * count + i] * dot(v, column);
      for (let e = i; e < length; e++) column[e] -= factor * v[e];
    }
    for (let i = 0; i < k; i++) r[i * count + k] = column[i];
    column.fill(0, 0, k);
    const { tau, beta } = reflect(column.subarray(k));
    r[k * count + k] = beta;
    t[k * count + k] = tau;
    const products = vectors.map((v) => dot(v, column));
    for (let i = 0; i < k; i++) {
      let sum = 0;
      for (let l = i; l < k; l++) sum += t[i * count + l] * products[l];
      t[i * count + k] = -tau * sum;
    }
    vectors.push(column);
    x.set(column, k * length);
  }
}
