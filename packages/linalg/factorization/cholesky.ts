// Cholesky factor of a symmetric positive definite matrix, by blocks on the diagonal (right-looking).
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 4.2.6:
//
//   A = L Lᵀ    L[J, J] = chol(A[J, J])    P = A[i, J] L[J, J]⁻ᵀ    A[i, i] -= P Pᵀ for all rows i below
//
// J are the rows of one block. All runs on the device, in the dtype of the matrix; only at the end is
// it known whether a pivot was not positive. Of the products P Pᵀ the lower triangle is computed.
// Bound: |A - L Lᵀ| <= (n + 1) eps |L| |Lᵀ| element by element (Higham, 2002, theorem 10.3), in
// whatever order the sums are taken.
// Cost: n³/3, of which n² B / 2 in solves with blocks of B rows, and n² for each of n / B panels moved.

import { type AnyTensor, checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import { withDevice } from "../with_device.ts";
import { checkSquareMatrix, DEVICE, fetch } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const ACTION = "Cannot take the Cholesky factor";

/** Thrown when a matrix is not positive definite, at least not after rounding. */
export class PivotError extends RangeError {
  /** The name of the class. */
  override name = "PivotError";
  /**
   * Words the error.
   *
   * @param action What could not be done: `Cannot take the Cholesky factor`.
   * @param row The first pivot that is not positive.
   * @param pivot What it is.
   */
  constructor(action: string, readonly row: number, readonly pivot: number) {
    super(`${action} as the matrix must be positive definite: current pivot ${row} is ${pivot}`);
  }
}

/** Options of {@linkcode cholesky}. */
export interface CholeskyOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
}

/**
 * Takes the Cholesky factor: the lower triangular L with A = L Lᵀ and a positive diagonal.
 *
 * @example A 2 × 2 matrix
 * ```ts
 * import { cholesky } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const factor = await cholesky(tensor(Float32Array.of(4, 2, 2, 5), [2, 2]));
 * assertEquals(factor.data, Float32Array.of(2, 0, 1, 2));
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[n, n]`; only its lower triangle is read.
 * @param options The device.
 * @returns L, `[n, n]`, zero above the diagonal.
 * @throws {RangeError} If the matrix is not square or not finite; a {@linkcode PivotError} if it is not
 * positive definite.
 * @throws {TypeError} If the device cannot multiply in the dtype of the matrix.
 */
export async function cholesky<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: CholeskyOptions = {},
): Promise<Tensor<D>> {
  checkOptions(ACTION, options, { device: DEVICE });
  return await withDevice(options.device, (device) => factorize(device, matrix));
}

async function factorize<D extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<D>,
): Promise<Tensor<D>> {
  const n = checkSquareMatrix(ACTION, matrix, outer);
  using device = outer.scope();
  const factor = device.upload(matrix as AnyTensor);
  await factorizeInPlace(device, factor, ACTION);
  const { dtype, shape, data } = await device.download(factor) as Tensor<D>;
  for (let i = 0; i < n; i++) data.fill(0, i * n + i + 1, (i + 1) * n);
  return { dtype, shape, data } as Tensor<D>;
}

/**
 * Overwrites the lower triangle of a matrix on a device with its Cholesky factor; what is above the
 * diagonal stays.
 *
 * @throws {PivotError} If a pivot is not positive.
 */
export async function factorizeInPlace(
  outer: Device,
  matrix: DeviceArray,
  action: string,
): Promise<void> {
  using device = outer.scope();
  const [n] = matrix.shape;
  const status = device.zeros([2], matrix.dtype);
  for (let j = 0; j < n; j += MAX_BLOCK) {
    using step = device.scope();
    const size = Math.min(MAX_BLOCK, n - j);
    const next = j + size;
    step.choleskyBlock(matrix, j, size, status);
    if (next === n) break;
    const block = step.slice(matrix, { row: j, col: j, rows: size, cols: size });
    step.solveBlock(block, matrix, { side: "right", transpose: true, row: next, col: j });
    const panel = step.slice(matrix, { row: next, col: j, cols: size });
    const into = { into: matrix, row: next, col: next };
    step.matmul(panel, panel, { ...into, transposeB: true, alpha: -1, triangle: "lower" });
  }
  const [row, pivot] = await fetch(device, status);
  if (row > 0) throw new PivotError(action, row - 1, pivot);
}
