// QR factorization with column pivoting, by panels.
//
// G. Quintana-Ortí, X. Sun and C. Bischof, "A BLAS-3 Version of the QR Factorization with Column
// Pivoting", SIAM J. Sci. Comput. 19, 1998. Within a panel the trailing matrix A stays as it was;
// what the reflectors so far have made of it is A - V Fᵀ:
//
//   p = argmax ‖column‖    v, τ, r_pp = reflect(current[i:, p])    f = τ (Aᵀ v - F (Vᵀ v))
//   r_i = A[i] - V[i] Fᵀ, by which the norms of the columns are downdated
//
// All runs on the device, in the dtype of the matrix, which is held transposed there so that a column
// is one run of memory. A panel ends early when a norm has lost its digits to downdating (Z. Drmač
// and Z. Bujanović, ACM Trans. Math. Softw. 35, 2008), so that after each one its length is awaited;
// each panel measures the norms afresh.
// Bound: ‖A[:, permutation] - Q R‖ <= 8 (n + 4) eps ‖A‖ for a full factorization, ‖QᵀQ - I‖ <= √n
// times that factor in the Frobenius norm, and r_11 >= r_22 >= … but for rounding.
// Cost: 4 m n k - 2 (m + n) k² + 4/3 k³ for R of rank k, half of it in Aᵀ v, which reads all that is
// left of A for each column; and as much again for Q.

import { checkOptions, type Checks, integer, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { MAX_PANEL } from "../step_kernels.ts";
import { withDevice } from "../with_device.ts";
import { DEVICE, fetch, put, readMatrix, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { makeDiagonalPositive } from "./qr.ts";
import { formColumns, joinBlocks, type WyBlock } from "./wy_blocks.ts";

const ACTION = "Cannot take the pivoted QR factors";
/** Reflectors that are applied together to make Q. */
const BLOCK = 128;

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
  const { rows, cols, data, dtype } = readMatrix(ACTION, matrix, outer);
  const factor = scaleToOne(data);
  const rank = Math.min(rows, cols, maxRank);
  using device = outer.scope();
  const columns = device.transpose(put(device, dtype, [rows, cols], data));
  const places = Uint32Array.from({ length: cols }, (_, i) => i);
  const order = device.upload({ dtype: "u32", shape: [cols], data: places });
  const panels = await choosePivots(device, columns, order, rank);
  const r = await fetch(device, device.transpose(device.slice(columns, { cols: rank })));
  const blocks = joinBlocks(device, dtype, panels, BLOCK);
  const q = await fetch(
    device,
    device.transpose(formColumns(device, dtype, blocks, rank, rows)),
  );
  makeDiagonalPositive(q, r, rank, cols);
  for (let i = 0; i < r.length; i++) r[i] /= factor;
  return {
    q: toTensor(dtype, [rows, rank], q),
    r: toTensor(dtype, [rank, cols], r),
    permutation: await device.download(order) as Tensor<"u32">,
  };
}

/** Makes `rank` columns triangular, each the longest that is left when its turn comes. */
async function choosePivots(
  outer: Device,
  columns: DeviceArray,
  order: DeviceArray,
  rank: number,
): Promise<WyBlock[]> {
  const panels: WyBlock[] = [];
  let first = 0;
  while (first < rank) {
    using device = outer.scope();
    const width = Math.min(MAX_PANEL, rank - first);
    const panel = device.pivotedPanel(columns, order, first, width);
    const count = Number((await device.download(panel.count)).data[0]);
    const v = device.slice(panel.v, { rows: count });
    const t = device.slice(panel.t, { rows: count, cols: count });
    panels.push({ first, v: device.keep(v), t: device.keep(t) });
    first += count;
    if (first >= rank) break;
    const f = device.slice(panel.f, { row: count, cols: count });
    const rest = device.slice(v, { col: count });
    device.matmul(f, rest, { alpha: -1, into: columns, row: first, col: first });
  }
  return panels;
}
