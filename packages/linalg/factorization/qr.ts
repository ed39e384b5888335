// QR factorization by panels of Householder reflectors, joined to blocks in compact form.
//
// R. Schreiber and C. Van Loan, "A Storage-Efficient WY Representation for Products of Householder
// Transformations", SIAM J. Sci. Stat. Comput. 10, 1989; panels within blocks as in E. Elmroth and
// F. Gustavson, "Applying Recursion to Serial and Parallel QR Factorization Leads to Better
// Performance", IBM J. Res. Dev. 44, 2000, but in two levels:
//
//   A = Q R    A[j:, J] = H_1 … H_b R[J, J]    A[j:, j + b:] -= V Tᵀ (Vᵀ A[j:, j + b:])
//
// All runs on the device, in the dtype of the matrix. There A is held transposed, so that a column is
// one run of memory.
// Bound: ‖A - Q R‖ <= c n eps ‖A‖ column by column and ‖QᵀQ - I‖ <= c n^1.5 eps in the Frobenius norm,
// whatever the condition of A (Higham, 2002, theorem 19.4); here 8 (n + 4) for c n,
// with n = max(rows, cols).
// Cost: 4 n² (m - n/3) for both factors of an m × n matrix, of which about 3 · 32 m n in panels; each
// block of 128 columns copies what is right of it once.

import { checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { DEVICE, fetch, put, readMatrix, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { factorizeColumns } from "./qr_columns.ts";
import { formColumns } from "./wy_blocks.ts";

const ACTION = "Cannot take the QR factors";

/** Options of {@linkcode qr}. */
export interface QrOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
}

/** An orthonormal basis and what the matrix is in it. */
export interface Qr<D extends MatrixDtype> {
  /** Orthonormal columns, `[rows, min(rows, cols)]`. */
  readonly q: Tensor<D>;
  /** Upper triangular with a diagonal of zero or more, `[min(rows, cols), cols]`. */
  readonly r: Tensor<D>;
}

/**
 * Factorizes a matrix into orthonormal columns and an upper triangle, A = Q R.
 *
 * @example A vector
 * ```ts
 * import { qr } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const { q, r } = await qr(tensor(Float64Array.of(3, 0, 4), [3, 1]));
 * assertEquals(r.data, Float64Array.of(5));
 * assertEquals(q.shape, [3, 1]);
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[rows, cols]`, of any rank.
 * @param options The device.
 * @returns The thin factors.
 * @throws {RangeError} If the matrix is empty or not finite.
 * @throws {TypeError} If the device cannot multiply in the dtype of the matrix.
 */
export async function qr<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: QrOptions = {},
): Promise<Qr<D>> {
  checkOptions(ACTION, options, { device: DEVICE });
  return await withDevice(options.device, (device) => factorize(device, matrix));
}

async function factorize<D extends MatrixDtype>(outer: Device, matrix: Tensor<D>): Promise<Qr<D>> {
  const { rows, cols, data, dtype } = readMatrix(ACTION, matrix, outer);
  const factor = scaleToOne(data);
  const rank = Math.min(rows, cols);
  using device = outer.scope();
  const columns = device.transpose(put(device, dtype, [rows, cols], data));
  const blocks = factorizeColumns(device, columns);
  const r = await fetch(device, device.transpose(device.slice(columns, { cols: rank })));
  const q = await fetch(
    device,
    device.transpose(formColumns(device, dtype, blocks, rank, rows)),
  );
  makeDiagonalPositive(q, r, rank, cols);
  for (let i = 0; i < r.length; i++) r[i] /= factor;
  return { q: toTensor(dtype, [rows, rank], q), r: toTensor(dtype, [rank, cols], r) };
}

/** Turns signs of columns of Q and rows of R, so that the factors of a full rank are unique. */
export function makeDiagonalPositive(
  q: Float64Array,
  r: Float64Array,
  rank: number,
  cols: number,
): void {
  const signs = Float64Array.from({ length: rank }, (_, i) => r[i * cols + i] < 0 ? -1 : 1);
  for (let i = 0; i < rank; i++) {
    if (signs[i] > 0) continue;
    for (let j = i * cols; j < (i + 1) * cols; j++) r[j] = 0 - r[j];
  }
  for (let start = 0; start < q.length; start += rank) {
    for (let j = 0; j < rank; j++) q[start + j] *= signs[j];
  }
}
