// The singular value decomposition of a small bidiagonal matrix by QR sweeps, on the host.
//
// A matrix with one more column than rows is made square first, from the last row upwards:
//
//   (c, s, d_k) = givens(d_k, f)    f = -s e_{k-1}    e_{k-1} = c e_{k-1}
//
// where f is what stands in the last column of row k. What the rotations make of the last unit
// vector spans the null space.

import { bidiagonalQr } from "./bidiagonal_qr.ts";
import { givens } from "./givens.ts";
import type { TakeSweep } from "./tridiagonal_qr.ts";

/** Singular values and vectors on the host. */
export interface BidiagonalLeaf {
  /** Zero or more, in no order. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Rows are the left vectors, `[n, n]`. */
  readonly left: Float64Array<ArrayBuffer>;
  /** Rows are the right vectors, `[m, m]`; row n, where there is one, spans the null space. */
  readonly right: Float64Array<ArrayBuffer>;
}

/**
 * Decomposes an upper bidiagonal matrix `[n, m]`, m = n or n + 1.
 *
 * @param d The diagonal, n elements.
 * @param e What stands right of it, m - 1 elements.
 */
export function bidiagonalLeaf(action: string, d: Float64Array, e: Float64Array): BidiagonalLeaf {
  const n = d.length;
  const m = e.length + 1;
  const values = Float64Array.from(d);
  const beside = e.slice(0, n - 1);
  const left = identity(n);
  const right = identity(m);
  let f = m > n ? e[n - 1] : 0;
  for (let k = n - 1; k >= 0 && f !== 0; k--) {
    const { c, s, r } = givens(values[k], f);
    rotate(right, m, k, n, c, s);
    values[k] = r;
    if (k === 0) break;
    f = -s * beside[k - 1];
    beside[k - 1] *= c;
  }
  bidiagonalQr(action, values, beside, sweeps(left, n), sweeps(right, m));
  for (let i = 0; i < n; i++) {
    if (!(values[i] < 0)) continue;
    values[i] = -values[i];
    for (let j = i * n; j < (i + 1) * n; j++) left[j] = -left[j];
  }
  return { values, left, right };
}

function identity(n: number): Float64Array<ArrayBuffer> {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return data;
}

/** Rows x and y become c x + s y and c y - s x. */
function rotate(
  rows: Float64Array,
  size: number,
  x: number,
  y: number,
  c: number,
  s: number,
): void {
  const [atX, atY] = [x * size, y * size];
  for (let j = 0; j < size; j++) {
    const [a, b] = [rows[atX + j], rows[atY + j]];
    rows[atX + j] = c * a + s * b;
    rows[atY + j] = c * b - s * a;
  }
}

/** Applies sweeps to rows as they come. */
function sweeps(rows: Float64Array, size: number): TakeSweep {
  return (start, step, c, s) => {
    for (let k = 0; k < c.length; k++) {
      const x = start + step * k;
      rotate(rows, size, x, x + step, c[k], s[k]);
    }
  };
}
