import type { HostArray } from "../kernels.ts";
import type { PivotedPanelParams } from "../step_kernels.ts";
import { dot, reflect } from "./reflector.ts";

/** Chooses columns, and says what their reflectors make of the others. */
export function pivotedPanel(p: PivotedPanelParams<HostArray>): void {
  const { x, order, v, t, f, count, n, m, first, width } = p;
  const length = m - first;
  const epsilon = p.dtype === "f32" ? 2 ** -24 : 2 ** -53;
  const column = (j: number) => x.subarray((first + j) * m + first, (first + j + 1) * m);
  const measured = new Float64Array(n - first);
  for (let j = 0; j < n - first; j++) {
    const own = Float64Array.from(column(j));
    measured[j] = Math.sqrt(dot(own, own));
  }
  const norms = measured.slice();
  t.fill(0);
  let isReliable = true;
  for (let i = 0; i < width && isReliable; i++) {
    let pivot = i;
    for (let j = i + 1; j < n - first; j++) {
      const isFirst = order[first + j] < order[first + pivot];
      if (norms[j] > norms[pivot] || (norms[j] === norms[pivot] && isFirst)) pivot = j;
    }
    swap(x, first + i, first + pivot, m);
    swap(order, first + i, first + pivot, 1);
    swap(f, i, pivot, width);
    swap(norms, i, pivot, 1);
    swap(measured, i, pivot, 1);

    const own = Float64Array.from(column(i));
    for (let k = 0; k < i; k++) {
      for (let e = i; e < length; e++) own[e] -= f[i * width + k] * v[k * length + e];
    }
    const { tau, beta } = reflect(own.subarray(i));
    column(i).fill(0, i);
    column(i)[i] = beta;
    own.fill(0, 0, i);
    v.set(own, i * length);
    const vectors = Float64Array.from(v.subarray(0, i * length));
    const products = Float64Array.from(
      { length: i },
      (_, k) => dot(vectors.subarray(k * length, (k + 1) * length), own),
    );
    for (let k = 0; k < i; k++) {
      let sum = 0;
      for (let l = k; l < i; l++) sum += t[k * width + l] * products[l];
      t[k * width + i] = -tau * sum;
    }
    t[i * width + i] = tau;

    for (let j = i + 1; j < n - first; j++) {
      const other = column(j);
      let sum = 0;
      for (let e = i; e < length; e++) sum += other[e] * own[e];
      for (let k = 0; k < i; k++) sum -= f[j * width + k] * products[k];
      f[j * width + i] = tau * sum;
      for (let k = 0; k <= i; k++) other[i] -= f[j * width + k] * v[k * length + i];
      isReliable = downdate(norms, measured, j, other[i], epsilon) && isReliable;
    }
    count[0] = i + 1;
  }
}

function swap(rows: HostArray, a: number, b: number, length: number): void {
  if (a === b) return;
  const kept = rows.slice(a * length, (a + 1) * length);
  rows.copyWithin(a * length, b * length, (b + 1) * length);
  rows.set(kept, b * length);
}

/**
 * Takes one element out of the norm of a column.
 *
 * @returns Whether the norm still has half of its digits.
 */
function downdate(
  norms: Float64Array,
  measured: Float64Array,
  j: number,
  element: number,
  epsilon: number,
): boolean {
  if (norms[j] === 0) return true;
  const share = Math.abs(element) / norms[j];
  const rest = Math.max(0, (1 + share) * (1 - share));
  const isReliable = rest * (norms[j] / measured[j]) ** 2 > Math.sqrt(epsilon);
  norms[j] *= Math.sqrt(rest);
  return isReliable;
}
