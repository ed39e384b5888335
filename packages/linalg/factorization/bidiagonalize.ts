// Reduction of a square matrix to upper bidiagonal form by blocks of Householder reflectors.
//
// J. Dongarra, D. Sorensen and S. Hammarling, "Block Reduction of Matrices to Condensed Forms for
// Eigenvalue Computations", J. Comput. Appl. Math. 27, 1989, section 4. Within a panel the trailing
// matrix A stays as it was; what the reflectors so far have made of it is A - V Yᵀ - X Wᵀ:
//
//   v, τ, d_i = reflect(current[i:, i])    y = τ (Aᵀ v - Y (Vᵀ v) - W (Xᵀ v))
//   w, π, e_i = reflect(current[i, i + 1:])    x = π (A w - V (Yᵀ w) - X (Wᵀ w))
//
// with V and Y already including v and y in the second line. Aᵀ v, A w and, after each panel,
// A - [V X] [Y W]ᵀ run on the device; vectors are held in f64 here.
// Bound: B = Qᵀ (A + ΔA) P with ‖ΔA‖ <= c n eps ‖A‖. Cost: 8/3 n³, half of it in Aᵀ v and A w.

import type { Device, DeviceArray } from "../device.ts";
import { addMultiple, type BlockReflector, blockReflector, dot, reflect } from "./householder.ts";
import { fetch, put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const BLOCK = 32;

/** An upper bidiagonal matrix, and the reflectors of A = Q B Pᵀ. */
export interface Bidiagonal {
  readonly diagonal: Float64Array;
  /** Element i stands right of diagonal element i. */
  readonly superDiagonal: Float64Array;
  /** Q = H_1 H_2 … */
  readonly left: readonly BlockReflector[];
  /** P = G_1 G_2 … */
  readonly right: readonly BlockReflector[];
}

/** The vectors of a panel, one a row of `size` each. */
interface Panel {
  readonly size: number;
  readonly v: Float64Array<ArrayBuffer>;
  readonly y: Float64Array<ArrayBuffer>;
  readonly x: Float64Array<ArrayBuffer>;
  readonly w: Float64Array<ArrayBuffer>;
}

/** Reduces a matrix `[n, n]`. */
export async function bidiagonalize(
  outer: Device,
  dtype: MatrixDtype,
  n: number,
  data: Float64Array<ArrayBuffer>,
): Promise<Bidiagonal> {
  using device = outer.scope();
  const diagonal = new Float64Array(n);
  const superDiagonal = new Float64Array(n - 1);
  const left: BlockReflector[] = [];
  const right: BlockReflector[] = [];
  let trailing = put(device, dtype, [n, n], data);
  for (let first = 0; first < n; first += BLOCK) {
    using step = device.scope();
    const size = n - first;
    const width = Math.min(BLOCK, size);
    const panel: Panel = {
      size,
      v: new Float64Array(width * size),
      y: new Float64Array(width * size),
      x: new Float64Array(width * size),
      w: new Float64Array(width * size),
    };
    const leftTaus: number[] = [];
    const rightTaus: number[] = [];
    for (let i = 0; i < width; i++) {
      const column = await reflectColumn(step, trailing, panel, i);
      diagonal[first + i] = column.beta;
      leftTaus.push(column.tau);
      if (i + 1 === size) break;
      await multiplyColumn(step, dtype, trailing, panel, i, column.tau);
      const row = await reflectRow(step, trailing, panel, i);
      superDiagonal[first + i] = row.beta;
      rightTaus.push(row.tau);
      await multiplyRow(step, dtype, trailing, panel, i, row.tau);
    }
    left.push(blockReflector(first, size, panel.v, leftTaus));
    if (rightTaus.length > 0) right.push(shifted(first, panel, rightTaus));
    if (width === size) break;
    const rest = device.slice(trailing, { row: width, col: width });
    const rows = put(step, dtype, [2 * width, size - width], below(panel.v, panel.x, size, width));
    const cols = put(step, dtype, [2 * width, size - width], below(panel.y, panel.w, size, width));
    step.matmul(rows, cols, { transposeA: true, alpha: -1, into: rest });
    trailing[Symbol.dispose]();
    trailing = rest;
  }
  return { diagonal, superDiagonal, left, right };
}

/** Updates column i from row i down, and turns it into v_i. */
async function reflectColumn(
  device: Device,
  trailing: DeviceArray,
  { size, v, y, x, w }: Panel,
  i: number,
): Promise<{ tau: number; beta: number }> {
  using stale = device.slice(trailing, { col: i, cols: 1 });
  const column = await fetch(device, stale);
  for (let k = 0; k < i; k++) {
    addMultiple(column, i, -y[k * size + i], v, k * size + i, size - i);
    addMultiple(column, i, -w[k * size + i], x, k * size + i, size - i);
  }
  const own = column.subarray(i);
  const reflection = reflect(own);
  v.set(own, i * size + i);
  return reflection;
}

/** y_i, right of column i. */
async function multiplyColumn(
  outer: Device,
  dtype: MatrixDtype,
  trailing: DeviceArray,
  { size, v, y, x, w }: Panel,
  i: number,
  tau: number,
): Promise<void> {
  if (tau === 0) return;
  using device = outer.scope();
  const vector = put(device, dtype, [1, size], v.slice(i * size, (i + 1) * size));
  const product = await fetch(device, device.matmul(vector, trailing));
  const own = i * size + i;
  const at = i + 1;
  for (let k = 0; k < i; k++) {
    const alongV = dot(v, k * size + i, v, own, size - i);
    const alongX = dot(x, k * size + i, v, own, size - i);
    addMultiple(product, at, -alongV, y, k * size + at, size - at);
    addMultiple(product, at, -alongX, w, k * size + at, size - at);
  }
  for (let j = at; j < size; j++) y[i * size + j] = tau * product[j];
}

/** Updates row i right of the diagonal, and turns it into w_i. */
async function reflectRow(
  device: Device,
  trailing: DeviceArray,
  { size, v, y, x, w }: Panel,
  i: number,
): Promise<{ tau: number; beta: number }> {
  using stale = device.slice(trailing, { row: i, rows: 1 });
  const row = await fetch(device, stale);
  const at = i + 1;
  for (let k = 0; k <= i; k++) {
    addMultiple(row, at, -v[k * size + i], y, k * size + at, size - at);
    if (k < i) addMultiple(row, at, -x[k * size + i], w, k * size + at, size - at);
  }
  const own = row.subarray(at);
  const reflection = reflect(own);
  w.set(own, i * size + at);
  return reflection;
}

/** x_i, below row i. */
async function multiplyRow(
  outer: Device,
  dtype: MatrixDtype,
  trailing: DeviceArray,
  { size, v, y, x, w }: Panel,
  i: number,
  tau: number,
): Promise<void> {
  if (tau === 0) return;
  using device = outer.scope();
  const vector = put(device, dtype, [size, 1], w.slice(i * size, (i + 1) * size));
  const product = await fetch(device, device.matmul(trailing, vector));
  const at = i + 1;
  const own = i * size + at;
  for (let k = 0; k <= i; k++) {
    const alongY = dot(y, k * size + at, w, own, size - at);
    addMultiple(product, at, -alongY, v, k * size + at, size - at);
    if (k === i) break;
    const alongW = dot(w, k * size + at, w, own, size - at);
    addMultiple(product, at, -alongW, x, k * size + at, size - at);
  }
  for (let j = at; j < size; j++) x[i * size + j] = tau * product[j];
}

/** The right reflectors of a panel act from one row further down. */
function shifted(first: number, { size, w }: Panel, taus: readonly number[]): BlockReflector {
  const length = size - 1;
  const vt = new Float64Array(taus.length * length);
  for (const k of taus.keys()) {
    vt.set(w.subarray(k * size + 1, (k + 1) * size), k * length);
  }
  return blockReflector(first + 1, length, vt, taus);
}

/** What two sets of vectors hold after the first `width` elements, one set under the other. */
function below(
  a: Float64Array,
  b: Float64Array,
  size: number,
  width: number,
): Float64Array<ArrayBuffer> {
  const length = size - width;
  const rows = new Float64Array(2 * width * length);
  for (let k = 0; k < width; k++) {
    rows.set(a.subarray(k * size + width, (k + 1) * size), k * length);
    rows.set(b.subarray(k * size + width, (k + 1) * size), (width + k) * length);
  }
  return rows;
}
