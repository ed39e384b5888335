// QR factorization with column pivoting, by blocks.
//
// G. Quintana-Ortí, X. Sun and C. Bischof, "A BLAS-3 Version of the QR Factorization with Column
// Pivoting", SIAM J. Sci. Comput. 19, 1998. Within a panel the trailing matrix A stays as it was;
// what the reflectors so far have made of it is A - V Fᵀ:
//
//   p = argmax ‖column‖    v, τ, r_pp = reflect(current[i:, p])    f = τ (Aᵀ v - F (Vᵀ v))
//   r_i = A[i] - V[i] Fᵀ, by which the norms of the columns are downdated
//
// Aᵀ v and, after each panel, A - V Fᵀ run on the device; vectors are held in f64 here. Columns are
// not swapped: a list tells which ones are left. A panel ends early when a norm has lost its digits
// to downdating (Z. Drmač and Z. Bujanović, ACM Trans. Math. Softw. 35, 2008); each panel measures
// the norms afresh.
// Bound: ‖A[:, permutation] - Q R‖ <= 8 (n + 4) eps ‖A‖ for a full factorization, ‖QᵀQ - I‖ <= √n
// times that factor in the Frobenius norm, and r_11 >= r_22 >= … but for rounding.
// Cost: 4 m n k - 2 (m + n) k² + 4/3 k³ for R of rank k, half of it in Aᵀ v.

import { checkOptions, type Checks, integer, type Tensor } from "@pare/tensor";
import type { Device, DeviceArray } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { formProduct } from "./block_reflector.ts";
import { addMultiple, type BlockReflector, blockReflector, dot, reflect } from "./householder.ts";
import {
  DEVICE,
  fetch,
  type HostMatrix,
  put,
  readMatrix,
  rectangle,
  scaleToOne,
  toTensor,
} from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { makeDiagonalPositive } from "./qr.ts";

const ACTION = "Cannot take the pivoted QR factors";
const BLOCK = 32;

/** Options of {@linkcode qrPivoted}. */
export interface QrPivotedOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
  /**
   * After how many columns to stop; min(rows, cols) of them at most.
   *
   * @default {Infinity}
   */
  maxRank?: number;
}

const CHECKS: Checks<QrPivotedOptions> = { device: DEVICE, maxRank: integer(1) };

/** An orthonormal basis in which a matrix with its columns reordered is triangular. */
export interface QrPivoted<D extends MatrixDtype> {
  /** Orthonormal columns, `[rows, k]`. */
  readonly q: Tensor<D>;
  /** Upper triangular with a diagonal of zero or more that falls, `[k, cols]`. */
  readonly r: Tensor<D>;
  /** `a[:, permutation[j]] = (q r)[:, j]`, `[cols]`. */
  readonly permutation: Tensor<"u32">;
}

/**
 * Factorizes a matrix with its longest columns first, A[:, permutation] = Q R.
 *
 * @example The longest column comes first
 * ```ts
 * import { qrPivoted } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const a = tensor(Float64Array.of(1, 3, 0, 4), [2, 2]);
 * const { r, permutation } = await qrPivoted(a, { maxRank: 1 });
 * assertEquals(permutation.data, Uint32Array.of(1, 0));
 * assertEquals(r.shape, [1, 2]);
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[rows, cols]`, of any rank.
 * @param options The device, and where to stop.
 * @returns The factors with k = min(rows, cols, maxRank), and the order of the columns.
 * @throws {RangeError} If the matrix is empty or not finite, or an option is out of range.
 * @throws {TypeError} If an option is unknown, or the device cannot multiply in that dtype.
 */
export async function qrPivoted<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: QrPivotedOptions = {},
): Promise<QrPivoted<D>> {
  checkOptions(ACTION, options, CHECKS);
  const { maxRank = Infinity } = options;
  return await withDevice(options.device, (device) => factorize(device, matrix, maxRank));
}

async function factorize<D extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<D>,
  maxRank: number,
): Promise<QrPivoted<D>> {
  const host = readMatrix(ACTION, matrix, outer);
  const { rows, cols, data, dtype } = host;
  const factor = scaleToOne(data);
  const rank = Math.min(rows, cols, maxRank);
  using device = outer.scope();
  const { reflectors, r, chosen } = await choosePivots(device, host, rank);
  const taken = new Set(chosen);
  const order = [...chosen, ...Array(cols).keys().filter((col) => !taken.has(col))];

  const ordered = new Float64Array(rank * cols);
  for (let i = 0; i < rank; i++) {
    // Columns that were chosen earlier are zero from here down.
    for (let j = i; j < cols; j++) ordered[i * cols + j] = r[i * cols + order[j]] / factor;
  }
  const q = await fetch(device, formProduct(device, dtype, reflectors, rows, rank));
  makeDiagonalPositive(q, ordered, rank, cols);
  return {
    q: toTensor(dtype, [rows, rank], q),
    r: toTensor(dtype, [rank, cols], ordered),
    permutation: { dtype: "u32", shape: [cols], data: Uint32Array.from(order) },
  };
}

/** What is left of the matrix below the rows that are done. */
interface Trailing {
  readonly array: DeviceArray;
  readonly rows: number;
  /** The column of the whole matrix that each column is. */
  readonly columns: readonly number[];
}

/** What one panel did. */
interface Panel {
  /** Places of the chosen columns in the trailing matrix. */
  readonly chosen: readonly number[];
  readonly taus: readonly number[];
  /** Vᵀ and Fᵀ: one vector a row. */
  readonly v: Float64Array<ArrayBuffer>;
  readonly f: Float64Array<ArrayBuffer>;
}

async function choosePivots(
  device: Device,
  { rows, cols, data, dtype }: HostMatrix<MatrixDtype>,
  rank: number,
): Promise<{ reflectors: BlockReflector[]; r: Float64Array; chosen: number[] }> {
  const r = new Float64Array(rank * cols);
  const reflectors: BlockReflector[] = [];
  const chosen: number[] = [];
  let trailing: Trailing = {
    array: put(device, dtype, [rows, cols], data),
    rows,
    columns: Array.from({ length: cols }, (_, i) => i),
  };
  while (chosen.length < rank) {
    const first = chosen.length;
    const width = Math.min(BLOCK, rank - first);
    const panel = await factorizePanel(device, dtype, trailing, width, r, first, cols);
    const count = panel.taus.length;
    const vt = panel.v.slice(0, count * trailing.rows);
    reflectors.push(blockReflector(first, trailing.rows, vt, panel.taus));
    chosen.push(...panel.chosen.map((place) => trailing.columns[place]));
    if (chosen.length < rank) trailing = updateTrailing(device, dtype, trailing, panel);
  }
  return { reflectors, r, chosen };
}

/** Chooses up to `width` columns, fewer if a norm must be measured afresh; writes their rows of R. */
async function factorizePanel(
  outer: Device,
  dtype: MatrixDtype,
  { array, rows, columns }: Trailing,
  width: number,
  r: Float64Array,
  first: number,
  cols: number,
): Promise<Panel> {
  using device = outer.scope();
  const n = columns.length;
  const measured = (await fetch(device, device.reduceCols(array, "squareSum"))).map(Math.sqrt);
  const norms = measured.slice();
  const epsilon = dtype === "f32" ? 2 ** -24 : 2 ** -53;
  const v = new Float64Array(width * rows);
  const f = new Float64Array(width * n);
  const chosen: number[] = [];
  const taus: number[] = [];
  const isLeft = new Uint8Array(n).fill(1);
  let isReliable = true;
  for (let i = 0; i < width && isReliable; i++) {
    const pivot = longest(norms, isLeft);
    isLeft[pivot] = 0;
    chosen.push(pivot);
    const column = await fetch(device, device.slice(array, { col: pivot, cols: 1 }));
    for (let k = 0; k < i; k++) {
      addMultiple(column, i, -f[k * n + pivot], v, k * rows + i, rows - i);
    }
    const own = column.subarray(i);
    const { tau, beta } = reflect(own);
    taus.push(tau);
    v.set(own, i * rows + i);
    const vector = put(device, dtype, [1, rows], v.slice(i * rows, (i + 1) * rows));
    const product = await fetch(device, device.matmul(vector, array));
    for (let k = 0; k < i; k++) {
      const along = dot(v, k * rows + i, v, i * rows + i, rows - i);
      addMultiple(product, 0, -along, f, k * n, n);
    }
    for (let j = 0; j < n; j++) f[i * n + j] = tau * product[j];

    const row = await fetch(device, device.slice(array, { row: i, rows: 1 }));
    for (let k = 0; k <= i; k++) addMultiple(row, 0, -v[k * rows + i], f, k * n, n);
    const target = (first + i) * cols;
    for (let j = 0; j < n; j++) {
      if (!isLeft[j]) continue;
      r[target + columns[j]] = row[j];
      isReliable = downdate(norms, measured, j, row[j], epsilon) && isReliable;
    }
    r[target + columns[pivot]] = beta;
  }
  return { chosen, taus, v, f };
}

/** The place of the longest column that is left, the first of equals. */
function longest(norms: Float64Array, isLeft: Uint8Array): number {
  let best = -1;
  for (let j = 0; j < norms.length; j++) {
    if (isLeft[j] && (best < 0 || norms[j] > norms[best])) best = j;
  }
  return best;
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

/** A - V Fᵀ, without the rows and columns that are done. */
function updateTrailing(
  outer: Device,
  dtype: MatrixDtype,
  { array, rows, columns }: Trailing,
  { chosen, taus, v, f }: Panel,
): Trailing {
  using device = outer.scope();
  using old = array;
  const count = taus.length;
  const n = columns.length;
  const height = rows - count;
  const taken = new Set(chosen);
  const places = Array.from({ length: n }, (_, j) => j).filter((j) => !taken.has(j));
  const width = places.length;
  const indices = { dtype: "u32", shape: [width], data: Uint32Array.from(places) } as const;
  const below = device.slice(old, { row: count });
  const rest = device.keep(device.gatherCols(below, device.upload(indices)));
  const vt = put(device, dtype, [count, height], rectangle(v, rows, 0, count, count, height));
  const picked = new Float64Array(count * width);
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < width; j++) picked[k * width + j] = f[k * n + places[j]];
  }
  const ft = put(device, dtype, [count, width], picked);
  device.matmul(vt, ft, { transposeA: true, alpha: -1, into: rest });
  return { array: rest, rows: height, columns: places.map((j) => columns[j]) };
}
