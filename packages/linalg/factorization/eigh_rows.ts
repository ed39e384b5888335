// Eigenvalues and eigenvectors of a symmetric matrix: tridiagonal form, divide and conquer, and back.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, sections 8.3 and 8.4:
//
//   A = Q T Qᵀ    T = G Λ Gᵀ    vectors = Q G
//
// `tridiagonalize.ts` makes Q and T, `divide_and_conquer.ts` G and Λ, and `back_transform.ts` applies
// the reflectors of Q to G. All that grows as n³ is done on the device, and all that grows as n² stays
// there.
// Bound: ‖A - V Λ Vᵀ‖ <= 8 (n + 4) eps ‖A‖ and ‖VᵀV - I‖ <= 8 (n + 4) √n eps in the Frobenius norm:
// small eigenvalues have errors of eps times the largest.
// Cost: 4/3 n³ for T, up to as much for G, 2 n³ for the vectors. Of the k largest values alone, 2 k n²
// for the vectors and less for G; of none, nothing for G. Memory: about four matrices at a time, with A.

import { checkOptions, type Checks, integer, ShapeError } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { applyReflectors, reflectorBlocks } from "./back_transform.ts";
import { divideAndConquer } from "./divide_and_conquer.ts";
import { fetch } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { tridiagonalize } from "./tridiagonalize.ts";

const ACTION = "Cannot take the eigenvalues";

/** Options of {@linkcode eighRows}. */
export interface EighRowsOptions {
  /** Of how many of the largest values to give the vectors; of all by default. */
  largest?: number;
}

const CHECKS: Checks<EighRowsOptions> = { largest: integer(0) };

/** The eigenvalues of a symmetric matrix, and orthonormal eigenvectors on a device. */
export interface EighRows {
  /** All of them, ascending. */
  readonly values: Float64Array<ArrayBuffer>;
  /**
   * The last row belongs to the last value, and so on: `[largest, n]`; `null` if none is asked for.
   * Signs are as they come.
   */
  readonly vectors: DeviceArray | null;
}

/**
 * Takes the eigenvalues and eigenvectors of a symmetric matrix that is on a device, and leaves the
 * vectors there.
 *
 * @example The larger one of two
 * ```ts
 * import { createReferenceDevice, downloadF64, eighRows } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const matrix = device.upload(tensor(Float64Array.of(2, 0, 1, 2), [2, 2]));
 * const { values, vectors } = await eighRows(device, matrix, { largest: 1 });
 * assertAlmostEquals(values[1], 3, 1e-15);
 * if (vectors === null) throw new Error("one is asked for");
 * const [x, y] = (await downloadF64(device, vectors)).data;
 * assertAlmostEquals(x * y, 0.5, 1e-15);
 * ```
 *
 * @param device What is returned is its.
 * @param matrix A, `[n, n]`, f32 or f64; zero above the diagonal. It is overwritten and freed. Where
 * its elements differ by powers of ten, small eigenvalues keep their digits if the large ones come last.
 * @param options How many vectors are asked for.
 * @returns The values and vectors.
 * @throws {RangeError} If the matrix is not square or not finite, or more vectors are asked for than
 * there are.
 * @throws {TypeError} If an option is unknown, or the device cannot multiply in the dtype of the matrix.
 */
export async function eighRows(
  device: Device,
  matrix: DeviceArray,
  options: EighRowsOptions = {},
): Promise<EighRows> {
  checkOptions(ACTION, options, CHECKS);
  const [n] = matrix.shape;
  if (matrix.shape.length !== 2 || matrix.shape[1] !== n) {
    throw new ShapeError(ACTION, [n, n], matrix.shape);
  }
  const { largest = n } = options;
  if (largest > n) {
    throw new RangeError(
      `${ACTION} as largest must be an integer from 0 to ${n}: current value is ${largest}`,
    );
  }
  return await diagonalize(device, matrix, largest);
}

async function diagonalize(
  outer: Device,
  matrix: DeviceArray,
  largest: number,
): Promise<EighRows> {
  const dtype = matrix.dtype as MatrixDtype;
  const [n] = matrix.shape;
  using device = outer.scope();
  const exponent = await scaleOf(device, matrix);
  const reduced = scaled(device, matrix, exponent);
  if (reduced !== matrix) matrix[Symbol.dispose]();
  const numbers = await fetch(device, tridiagonalize(device, dtype, reduced));
  const taus = numbers.subarray(2 * n);
  const blocks = largest > 0 ? await reflectorBlocks(device, dtype, reduced, taus) : [];
  // The blocks have copies of the vectors; what is large here is better freed at once.
  reduced[Symbol.dispose]();
  const diagonal = numbers.slice(0, n);
  const beside = numbers.slice(n, 2 * n - 1);
  const solved = await divideAndConquer(ACTION, device, dtype, diagonal, beside, largest);
  const { rows, order, places } = solved;
  const factor = 2 ** exponent;
  const values = Float64Array.from(order, (i) => solved.values[i] / factor);
  if (!rows) return { values, vectors: null };
  const indices = device.upload({ dtype: "u32", shape: [largest], data: places });
  const vectors = outer.gatherRows(rows, indices);
  rows[Symbol.dispose]();
  applyReflectors(device, blocks, vectors);
  return { values, vectors };
}

/** The exponent of two that keeps squares from overflowing; mostly 0, as copies take memory. */
async function scaleOf(device: Device, matrix: DeviceArray): Promise<number> {
  const maxima = await fetch(device, device.reduceRows(matrix, "absMax"));
  // A NaN outlasts every maximum.
  const largest = maxima.reduce((most, value) => Math.max(most, value), 0);
  if (!Number.isFinite(largest)) {
    throw new RangeError(
      `${ACTION} as every element must be finite: current largest one is ${largest}`,
    );
  }
  const exponent = largest === 0 ? 0 : -Math.floor(Math.log2(largest));
  return Math.abs(exponent) < 30 ? 0 : Math.min(1000, exponent);
}

/** The elements times 2^exponent. */
function scaled(device: Device, matrix: DeviceArray, exponent: number): DeviceArray {
  if (exponent === 0) return matrix;
  // A power beyond the dtype takes two steps.
  const step = matrix.dtype === "f32" ? Math.max(-100, Math.min(100, exponent)) : exponent;
  return scaled(device, device.scale(matrix, 2 ** step), exponent - step);
}
