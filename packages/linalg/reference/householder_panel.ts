import type { HostArray, Kernels } from "../kernels.ts";

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

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Makes a vector, in place, the one of the reflector I - τ v vᵀ that turns it into β e₁. */
function reflect(x: Float64Array): { tau: number; beta: number } {
  const largest = x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  // Squares of numbers about 1 neither overflow nor lose digits.
  const scale = largest > 0 ? 2 ** Math.min(1000, -Math.floor(Math.log2(largest))) : 1;
  for (let i = 0; i < x.length; i++) x[i] *= scale;
  const alpha = x[0];
  x[0] = 0;
  const rest = dot(x, x);
  x[0] = 1;
  if (rest === 0) {
    x.fill(0, 1);
    return { tau: 0, beta: alpha / scale };
  }
  const size = Math.sqrt(alpha * alpha + rest);
  const beta = alpha > 0 ? -size : size;
  for (let i = 1; i < x.length; i++) x[i] /= alpha - beta;
  return { tau: (beta - alpha) / beta, beta: beta / scale };
}
