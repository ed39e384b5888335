// Eigenvalues and eigenvectors of a symmetric matrix: tridiagonal form, divide and conquer, and back.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, sections 8.3 and 8.4:
//
//   A = Q T Qᵀ    T = G Λ Gᵀ    vectors = Q G
//
// `tridiagonalize.ts` makes Q and T, `divide_and_conquer.ts` G and Λ, and `back_transform.ts` applies
// the reflectors of Q to G. All that grows as n³ is done on the device.
// Bound: ‖A - V Λ Vᵀ‖ <= 8 (n + 4) eps ‖A‖ and ‖VᵀV - I‖ <= 8 (n + 4) √n eps in the Frobenius norm:
// small eigenvalues have errors of eps times the largest.
// Cost: 4/3 n³ for T, up to as much for G, 2 n³ for the vectors.

import { checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { applyReflectors, reflectorBlocks } from "./back_transform.ts";
import { divideAndConquer } from "./divide_and_conquer.ts";
import { DEVICE, fetch, put, readSquareMatrix, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { tridiagonalize } from "./tridiagonalize.ts";

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
  using device = outer.scope();
  const factor = turnAround(data, n);
  const reduced = device.transpose(put(device, dtype, [n, n], data));
  const numbers = await fetch(device, tridiagonalize(device, dtype, reduced));
  const blocks = await reflectorBlocks(device, dtype, reduced, numbers.subarray(2 * n));
  const diagonal = numbers.slice(0, n);
  const beside = numbers.slice(n, 2 * n - 1);
  const solved = await divideAndConquer(ACTION, device, dtype, diagonal, beside);
  const { values, order, rows } = solved;
  const x = device.gatherRows(rows, device.upload({ dtype: "u32", shape: [n], data: order }));
  applyReflectors(device, blocks, x);
  const { data: vectors } = await device.download(device.transpose(x));
  turnBack(vectors as Float32Array | Float64Array, n);
  return {
    values: toTensor(dtype, [n], Float64Array.from(order, (i) => values[i] / factor)),
    vectors: { dtype, shape: [n, n], data: vectors } as unknown as Tensor<D>,
  };
}

/**
 * Puts the last row and column first, of the lower triangle, and scales it.
 *
 * The reduction begins at the end, and large numbers must come first: where it begins with small ones,
 * graded matrices lose the digits of their small eigenvalues.
 */
function turnAround(data: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) data.fill(0, i * n + i + 1, (i + 1) * n);
  data.reverse();
  return scaleToOne(data);
}

/** Puts the rows of vectors back in order and makes the largest element of each vector positive. */
function turnBack(data: Float32Array | Float64Array, n: number): void {
  const signs = new Int8Array(n).fill(1);
  const largest = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = 0; j < n; j++) {
      const value = data[i * n + j];
      const size = Math.abs(value);
      if (size <= largest[j]) continue;
      largest[j] = size;
      signs[j] = value < 0 ? -1 : 1;
    }
  }
  for (let low = 0, high = n - 1; low <= high; low++, high--) {
    for (let j = 0; j < n; j++) {
      const value = signs[j] * data[low * n + j];
      data[low * n + j] = signs[j] * data[high * n + j];
      data[high * n + j] = value;
    }
  }
}
