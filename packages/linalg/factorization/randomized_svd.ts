// The largest singular values and their vectors, from products with a few random vectors.
//
// N. Halko, P.-G. Martinsson and J. Tropp, "Finding Structure with Randomness", SIAM Review 53, 2011,
// algorithms 4.4 and 5.1, with l = rank + oversampling:
//
//   Q = orth(A Ω), Ω random [cols, l]    Q = orth(A orth(Aᵀ Q)), `powerIterations` times
//   U Σ Vᵀ = svd(Qᵀ A), cut to `rank`; the left vectors are Q U
//
// Bound: without oversampling and power iterations the expected error is (1 + √(rank/(l-rank-1))) σ
// plus the tail, σ = σ_{rank+1} (theorem 10.6); q iterations take the factor to the power 1/(2q + 1).
// Cost: 4 m n l (powerIterations + 1), and QR and SVD of matrices with l columns.

import { checkOptions, type Checks, integer, randomNormal, type Tensor } from "@pare/tensor";
import type { Device, DeviceArray } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { turnColumns } from "./columns.ts";
import { DEVICE, fetch, put, readMatrix, scaleToOne, toTensor, transposed } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { qr } from "./qr.ts";
import { type Svd, svd } from "./svd.ts";

/** Options of {@linkcode randomizedSvd}. */
export interface RandomizedSvdOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
  /** How many singular values to take, at most min(rows, cols). */
  rank: number;
  /**
   * How many more random vectors than that to begin with.
   *
   * @default {10}
   */
  oversampling?: number;
  /**
   * How often to multiply by A Aᵀ, orthonormalizing each time.
   *
   * @default {4}
   */
  powerIterations?: number;
  /**
   * Which random vectors.
   *
   * @default {0}
   */
  seed?: number;
}

const ACTION = "Cannot take the largest singular values";
const CHECKS: Checks<RandomizedSvdOptions> = {
  device: DEVICE,
  rank: integer(1),
  oversampling: integer(0),
  powerIterations: integer(0),
  seed: integer(0),
};

/**
 * Takes the largest singular values of a matrix and their vectors, approximately.
 *
 * @example A matrix of rank one
 * ```ts
 * import { randomizedSvd } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = tensor(Float32Array.of(3, 0, 4, 0), [2, 2]);
 * const { singularValues } = await randomizedSvd(a, { rank: 1 });
 * assertAlmostEquals(singularValues.data[0], 5, 1e-5);
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[rows, cols]`.
 * @param options The device, the rank, and how much effort to spend.
 * @returns The factors, cut to `rank`.
 * @throws {RangeError} If the matrix is empty or not finite, or an option is out of range.
 * @throws {TypeError} If an option is unknown, or the device cannot multiply in that dtype.
 */
export async function randomizedSvd<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: RandomizedSvdOptions,
): Promise<Svd<D>> {
  checkOptions(ACTION, options, CHECKS);
  return await withDevice(options.device, (device) => decompose(device, matrix, options));
}

async function decompose<D extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<D>,
  options: RandomizedSvdOptions,
): Promise<Svd<D>> {
  const { rank, oversampling = 10, powerIterations = 4, seed = 0 } = options;
  const { rows, cols, data, dtype } = readMatrix(ACTION, matrix, outer);
  const most = Math.min(rows, cols);
  if (rank === undefined || rank > most) {
    throw new RangeError(
      `${ACTION} as rank must be an integer from 1 to ${most}: current value is ${rank}`,
    );
  }
  const count = Math.min(rank + oversampling, most);
  const factor = scaleToOne(data);
  using device = outer.scope();
  const a = put(device, dtype, [rows, cols], data);
  const random = new Float64Array(randomNormal([cols, count], { seed }).data);
  const start = put(device, dtype, [cols, count], random);
  let basis = await orthonormalProduct(device, dtype, a, start, false);
  for (let iteration = 0; iteration < powerIterations; iteration++) {
    const across = await orthonormalProduct(device, dtype, a, basis, true);
    basis[Symbol.dispose]();
    basis = await orthonormalProduct(device, dtype, a, across, false);
    across[Symbol.dispose]();
  }
  const small = await fetch(device, device.matmul(basis, a, { transposeA: true }));
  const parts = await svd(toTensor(dtype, [count, cols], small), { device });
  const turn = put(device, dtype, [count, count], new Float64Array(parts.u.data));
  const u = await fetch(device, device.slice(device.matmul(basis, turn), { cols: rank }));
  const vt = new Float64Array(parts.vt.data.subarray(0, rank * cols));
  const v = transposed(vt, rank, cols);
  turnColumns(u, rows, rank, v);
  const values = new Float64Array(parts.singularValues.data.subarray(0, rank));
  return {
    u: toTensor(dtype, [rows, rank], u),
    singularValues: toTensor(dtype, [rank], values.map((value) => value / factor)),
    vt: toTensor(dtype, [rank, cols], transposed(v, cols, rank)),
  };
}

/** An orthonormal basis of what `a`, or its transpose, makes of the columns of `x`. */
async function orthonormalProduct<D extends MatrixDtype>(
  device: Device,
  dtype: D,
  a: DeviceArray,
  x: DeviceArray,
  transposeA: boolean,
): Promise<DeviceArray> {
  using product = device.matmul(a, x, { transposeA });
  const { shape } = product;
  const { q } = await qr(toTensor(dtype, shape, await fetch(device, product)), { device });
  return put(device, dtype, shape, new Float64Array(q.data));
}
