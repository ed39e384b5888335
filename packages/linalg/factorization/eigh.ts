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
// Cost: 4/3 n³ for T, up to as much for G, 2 n³ for the vectors. Of the k largest values alone, 2 k n²
// for the vectors and less for G; of none, nothing for G.

import { checkOptions, type Checks, integer, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { withDevice } from "../with_device.ts";
import { applyReflectors, reflectorBlocks } from "./back_transform.ts";
import { divideAndConquer } from "./divide_and_conquer.ts";
import { checkSquareMatrix, DEVICE, fetch, put, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { tridiagonalize } from "./tridiagonalize.ts";

const ACTION = "Cannot take the eigenvalues";

/** Options of {@linkcode eigh}. */
export interface EighOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
  /**
   * Of how many of the largest values to give the vectors; of all n by default. Of none, 0, spares the
   * products that vectors take, most of the work.
   */
  largest?: number;
}

const CHECKS: Checks<EighOptions> = { device: DEVICE, largest: integer(0) };

/** The eigenvalues of a symmetric matrix and orthonormal eigenvectors. */
export interface Eigh<D extends MatrixDtype> {
  /** All of them, ascending, `[n]`. */
  readonly values: Tensor<D>;
  /**
   * The last column belongs to the last value, the one before it to the one before, and so on:
   * `[n, largest]`; the largest element of each is positive.
   */
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
 * @param options The device, and how many vectors are asked for.
 * @returns The values in ascending order, and the vectors in the same order.
 * @throws {RangeError} If the matrix is not square or not finite, or more vectors are asked for than
 * there are.
 * @throws {TypeError} If an option is unknown, or the device cannot multiply in the dtype of the matrix.
 */
export async function eigh<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: EighOptions = {},
): Promise<Eigh<D>> {
  checkOptions(ACTION, options, CHECKS);
  return await withDevice(
    options.device,
    (device) => diagonalize(device, matrix, options.largest),
  );
}

async function diagonalize<D extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<D>,
  asked: number | undefined,
): Promise<Eigh<D>> {
  const n = checkSquareMatrix(ACTION, matrix, outer);
  const largest = asked ?? n;
  if (largest > n) {
    throw new RangeError(
      `${ACTION} as largest must be an integer from 0 to ${n}: current value is ${largest}`,
    );
  }
  const { dtype } = matrix;
  using device = outer.scope();
  const { reduced, factor } = uploadTurned(device, matrix, n);
  const numbers = await fetch(device, tridiagonalize(device, dtype, reduced));
  const taus = numbers.subarray(2 * n);
  const blocks = largest > 0 ? await reflectorBlocks(device, dtype, reduced, taus) : [];
  // The blocks have copies of the vectors; what is large here is better freed at once.
  reduced[Symbol.dispose]();
  const diagonal = numbers.slice(0, n);
  const beside = numbers.slice(n, 2 * n - 1);
  const solved = await divideAndConquer(ACTION, device, dtype, diagonal, beside, largest);
  const { values, order, rows, places } = solved;
  let vectors = dtype === "f32" ? new Float32Array(0) : new Float64Array(0);
  if (rows) {
    const x = device.gatherRows(
      rows,
      device.upload({ dtype: "u32", shape: [largest], data: places }),
    );
    rows[Symbol.dispose]();
    applyReflectors(device, blocks, x);
    vectors = (await device.download(device.transpose(x))).data as typeof vectors;
    turnBack(vectors, n, largest);
  }
  return {
    values: toTensor(dtype, [n], Float64Array.from(order, (i) => values[i] / factor)),
    vectors: { dtype, shape: [n, largest], data: vectors } as unknown as Tensor<D>,
  };
}

/** Uploads a matrix turned around and scaled. */
function uploadTurned<D extends MatrixDtype>(
  device: Device,
  { dtype, data: source }: Tensor<D>,
  n: number,
): { reduced: DeviceArray; factor: number } {
  const data = new Float64Array(source);
  const factor = turnAround(data, n);
  using uploaded = put(device, dtype, [n, n], data);
  return { reduced: device.transpose(uploaded), factor };
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

/** Puts the n rows of vectors back in order and makes the largest element of each vector positive. */
function turnBack(data: Float32Array | Float64Array, n: number, count: number): void {
  const signs = new Int8Array(count).fill(1);
  const largest = new Float64Array(count);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = 0; j < count; j++) {
      const value = data[i * count + j];
      const size = Math.abs(value);
      if (size <= largest[j]) continue;
      largest[j] = size;
      signs[j] = value < 0 ? -1 : 1;
    }
  }
  for (let low = 0, high = n - 1; low <= high; low++, high--) {
    for (let j = 0; j < count; j++) {
      const value = signs[j] * data[low * count + j];
      data[low * count + j] = signs[j] * data[high * count + j];
      data[high * count + j] = value;
    }
  }
}
