// Eigenvalues and eigenvectors of a symmetric matrix: tridiagonal form, then QR sweeps.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 8.3:
//
//   A = Q T Qᵀ    T = G Λ Gᵀ    vectors = Q G
//
// `tridiagonalize.ts` makes Q and T, `tridiagonal_qr.ts` the rotations G, and
// `rotation_sweeps.ts` applies them to the columns of Q by products on the device.
// Bound: ‖A - V Λ Vᵀ‖ <= 8 (n + 4) eps ‖A‖ and ‖VᵀV - I‖ <= 8 (n + 4) √n eps in the Frobenius norm:
// small eigenvalues have errors of eps times the largest.
// Cost: 4/3 n³ for T, as much for Q, about 8 n³ for the rotations.

import { checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { formProduct } from "./block_reflector.ts";
import { columnSweeps, pickColumns, turnColumns } from "./columns.ts";
import { DEVICE, fetch, readSquareMatrix, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { tridiagonalize } from "./tridiagonalize.ts";
import { tridiagonalQr } from "./tridiagonal_qr.ts";

const ACTION = "Cannot take the eigenvalues";

/** Options of {@linkcode eigh}. */
export interface EighOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
}

/** The eigenvalues of a symmetric matrix and an orthonormal basis of eigenvectors. */
export interface Eigh<D extends MatrixDtype> {
  /** Ascending, `[n]`. */
  readonly values: Tensor<D>;
  /** Column i belongs to value i, `[n, n]`; its largest element is positive. */
  readonly vectors: Tensor<D>;
}

/**
 * Takes the eigenvalues and eigenvectors of a symmetric matrix, A = V Λ Vᵀ.
 *
 * @example Eigenvalues ascend
 * ```ts
 * import { eigh } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const { values } = await eigh(tensor(Float32Array.of(2, 1, 1, 2), [2, 2]));
 * assertEquals(values.data, Float32Array.of(1, 3));
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[n, n]`; only its lower triangle is read.
 * @param options The device.
 * @returns The values in ascending order, and the vectors in the same order.
 * @throws {RangeError} If the matrix is not square or not finite.
 * @throws {TypeError} If the device cannot multiply in the dtype of the matrix.
 */
export async function eigh<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: EighOptions = {},
): Promise<Eigh<D>> {
  checkOptions(ACTION, options, { device: DEVICE });
  return await withDevice(options.device, (device) => diagonalize(device, matrix));
}

async function diagonalize<D extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<D>,
): Promise<Eigh<D>> {
  const { rows: n, data, dtype } = readSquareMatrix(ACTION, matrix, outer);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) data[j * n + i] = data[i * n + j];
  }
  const factor = scaleToOne(data);
  using device = outer.scope();
  const { diagonal, offDiagonal, reflectors } = await tridiagonalize(device, dtype, n, data);
  const basis = formProduct(device, dtype, reflectors, n, n);
  const sweeps = columnSweeps(device, dtype, basis);
  tridiagonalQr(ACTION, diagonal, offDiagonal, sweeps);
  sweeps.flush();
  const vectors = await fetch(device, basis);

  const order = Uint32Array.from(diagonal.keys()).sort((i, j) =>
    diagonal[i] - diagonal[j] || i - j
  );
  const sorted = pickColumns(vectors, n, n, order);
  turnColumns(sorted, n, n);
  return {
    values: toTensor(dtype, [n], Float64Array.from(order, (i) => diagonal[i] / factor)),
    vectors: toTensor(dtype, [n, n], sorted),
  };
}
