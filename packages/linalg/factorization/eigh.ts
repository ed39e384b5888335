// Eigenvalues and eigenvectors of a symmetric matrix on the host: `eigh_rows.ts` has the algorithm, its
// bound and its cost.

import { checkOptions, type Checks, integer, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { withDevice } from "../with_device.ts";
import { eighRows } from "./eigh_rows.ts";
import { checkSquareMatrix, DEVICE, put, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

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
  largest: number | undefined,
): Promise<Eigh<D>> {
  const n = checkSquareMatrix(ACTION, matrix, outer);
  const { dtype } = matrix;
  using device = outer.scope();
  const { turned, factor } = uploadTurned(device, matrix, n);
  const { values, vectors } = await eighRows(device, turned, { largest });
  let columns = dtype === "f32" ? new Float32Array(0) : new Float64Array(0);
  if (vectors) {
    columns = (await device.download(device.transpose(vectors))).data as typeof columns;
    turnBack(columns, n, vectors.shape[0]);
  }
  const shape = [n, columns.length / n];
  return {
    values: toTensor(dtype, [n], values.map((value) => value / factor)),
    vectors: { dtype, shape, data: columns } as unknown as Tensor<D>,
  };
}

/**
 * Uploads the lower triangle with the last row and column first, scaled.
 *
 * The reduction begins at the end, and large numbers must come first: where it begins with small ones,
 * graded matrices lose the digits of their small eigenvalues.
 */
function uploadTurned<D extends MatrixDtype>(
  device: Device,
  { dtype, data: source }: Tensor<D>,
  n: number,
): { turned: DeviceArray; factor: number } {
  const data = new Float64Array(source);
  for (let i = 0; i < n; i++) data.fill(0, i * n + i + 1, (i + 1) * n);
  data.reverse();
  const factor = scaleToOne(data);
  using uploaded = put(device, dtype, [n, n], data);
  return { turned: device.transpose(uploaded), factor };
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
