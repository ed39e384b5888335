// Reduction of a symmetric matrix to tridiagonal form by blocks of Householder reflectors.
//
// J. Dongarra, D. Sorensen and S. Hammarling, "Block Reduction of Matrices to Condensed Forms for
// Eigenvalue Computations", J. Comput. Appl. Math. 27, 1989, section 3. Within a panel the trailing
// matrix A stays as it was; what the reflectors so far have made of it is A - V Wᵀ - W Vᵀ:
//
//   a = (A - V Wᵀ - W Vᵀ)[:, i]    v, τ, e_i = reflect(a[i + 1:])
//   w = τ (A v - V (Wᵀ v) - W (Vᵀ v))    w -= τ (wᵀ v) / 2 · v
//
// A v and, after each panel, A - [V W] [W V]ᵀ run on the device; vectors are held in f64 here.
// Bound: T = Qᵀ (A + ΔA) Q with ‖ΔA‖ <= c n eps ‖A‖. Cost: 4/3 n³, half of it in A v.

import type { Device } from "../device.ts";
import { addMultiple, type BlockReflector, blockReflector, dot, reflect } from "./householder.ts";
import { fetch, put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const BLOCK = 32;

/** A symmetric tridiagonal matrix, and the reflectors Q = H_1 H_2 … of A = Q T Qᵀ. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Element i stands beside diagonal elements i and i + 1. */
  readonly offDiagonal: Float64Array;
  readonly reflectors: readonly BlockReflector[];
}

/** Reduces a symmetric matrix `[n, n]`, of which both triangles are read. */
export async function tridiagonalize(
  outer: Device,
  dtype: MatrixDtype,
  n: number,
  data: Float64Array<ArrayBuffer>,
): Promise<Tridiagonal> {
  using device = outer.scope();
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n - 1);
  const reflectors: BlockReflector[] = [];
  let trailing = put(device, dtype, [n, n], data);
  let first = 0;
  while (first < n - 1) {
    using step = device.scope();
    const size = n - first;
    const width = Math.min(BLOCK, size - 1);
    // Rows of V and W are the vectors of one step each.
    const v = new Float64Array(width * size);
    const w = new Float64Array(width * size);
    const taus: number[] = [];
    for (let i = 0; i < width; i++) {
      using stale = step.slice(trailing, { col: i, cols: 1 });
      const column = await fetch(step, stale);
      for (let k = 0; k < i; k++) {
        addMultiple(column, i, -w[k * size + i], v, k * size + i, size - i);
        addMultiple(column, i, -v[k * size + i], w, k * size + i, size - i);
      }
      diagonal[first + i] = column[i];
      const own = column.subarray(i + 1);
      const { tau, beta } = reflect(own);
      offDiagonal[first + i] = beta;
      taus.push(tau);
      v.set(own, i * size + i + 1);
      if (tau === 0) continue;
      w.set(await productWithCurrent(step, dtype, trailing, v, w, i, size), i * size);
      const at = i * size + i + 1;
      for (let j = at; j < (i + 1) * size; j++) w[j] *= tau;
      addMultiple(w, at, -tau / 2 * dot(w, at, v, at, size - i - 1), v, at, size - i - 1);
    }
    reflectors.push(compact(first, size, width, v, taus));
    const rest = device.slice(trailing, { row: width, col: width });
    // [V W] [W V]ᵀ below the panel: vectors are rows.
    const left = new Float64Array(2 * width * (size - width));
    const right = new Float64Array(left.length);
    for (let k = 0; k < width; k++) {
      const ownV = v.subarray(k * size + width, (k + 1) * size);
      const ownW = w.subarray(k * size + width, (k + 1) * size);
      left.set(ownV, k * (size - width));
      right.set(ownW, k * (size - width));
      left.set(ownW, (width + k) * (size - width));
      right.set(ownV, (width + k) * (size - width));
    }
    const shape = [2 * width, size - width];
    const leftArray = put(step, dtype, shape, left);
    const rightArray = put(step, dtype, shape, right);
    step.matmul(leftArray, rightArray, { transposeA: true, alpha: -1, into: rest });
    trailing[Symbol.dispose]();
    trailing = rest;
    first += width;
  }
  diagonal[n - 1] = (await fetch(device, trailing))[0];
  return { diagonal, offDiagonal, reflectors };
}

/** (A - V Wᵀ - W Vᵀ) v_i below row i. */
async function productWithCurrent(
  outer: Device,
  dtype: MatrixDtype,
  matrix: ReturnType<Device["zeros"]>,
  v: Float64Array<ArrayBuffer>,
  w: Float64Array<ArrayBuffer>,
  i: number,
  size: number,
): Promise<Float64Array> {
  using device = outer.scope();
  const vector = put(device, dtype, [1, size], v.slice(i * size, (i + 1) * size));
  const product = await fetch(device, device.matmul(vector, matrix));
  const at = i + 1;
  const length = size - at;
  for (let k = 0; k < i; k++) {
    const own = i * size + at;
    const alongW = dot(w, k * size + at, v, own, length);
    const alongV = dot(v, k * size + at, v, own, length);
    addMultiple(product, at, -alongW, v, k * size + at, length);
    addMultiple(product, at, -alongV, w, k * size + at, length);
  }
  return product.fill(0, 0, at);
}

/** The reflectors of a panel act from one row further down. */
function compact(
  first: number,
  size: number,
  width: number,
  v: Float64Array,
  taus: readonly number[],
): BlockReflector {
  const length = size - 1;
  const vt = new Float64Array(width * length);
  for (let k = 0; k < width; k++) {
    vt.set(v.subarray(k * size + 1, (k + 1) * size), k * length);
  }
  return blockReflector(first + 1, length, vt, taus);
}
