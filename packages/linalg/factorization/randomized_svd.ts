// The largest singular values and their vectors, from products with a few random vectors.
//
// N. Halko, P.-G. Martinsson and J. Tropp, "Finding Structure with Randomness", SIAM Review 53, 2011,
// algorithms 4.4 and 5.1, with l = rank + oversampling:
//
//   Q = orth(A Ω), Ω random [cols, l]    Q = orth(A orth(Aᵀ Q)), `powerIterations` times
//   U Σ Vᵀ = svd(Qᵀ A), cut to `rank`; the left vectors are Q U
//
// Orthonormal bases are held as rows. The svd is one of l rows and columns: of R₂ᵀ, Aᵀ Q = Q₂ R₂.
//
// Bound: without oversampling and power iterations the expected error is (1 + √(rank/(l-rank-1))) σ
// plus the tail, σ = σ_{rank+1} (theorem 10.6); q iterations take the factor to the power 1/(2q + 1).
// Cost: 4 m n l (powerIterations + 1), and QR of matrices with l columns.

import {
  type AnyTensor,
  checkOptions,
  type Checks,
  integer,
  randomNormal,
  type Tensor,
} from "@pare/tensor";
import type { Device, MatmulOptions } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { withDevice } from "../with_device.ts";
import { checkFinite, checkSizes, DEVICE, fetch, put, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { factorizeColumns } from "./qr_columns.ts";
import { type Svd, svd } from "./svd.ts";
import { turnVectors } from "./turn_vectors.ts";
import { formColumns } from "./wy_blocks.ts";

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
  const { rows, cols, dtype } = checkSizes(ACTION, matrix, outer);
  const most = Math.min(rows, cols);
  if (rank === undefined || rank > most) {
    throw new RangeError(
      `${ACTION} as rank must be an integer from 1 to ${most}: current value is ${rank}`,
    );
  }
  const count = Math.min(rank + oversampling, most);
  using device = outer.scope();
  const a = await scaledUpload(device, matrix);
  const random = device.upload(randomNormal([cols, count], { seed }));
  let basis = basisOf(device, a.times(device.cast(random, dtype), { transposeB: false }));
  for (let iteration = 0; iteration < powerIterations; iteration++) {
    const across = basisOf(device, a.times(basis, { transposeA: true }));
    basis = basisOf(device, a.times(across));
  }
  // Qᵀ A = (Q₂ R₂)ᵀ, so that the values and left vectors are those of R₂ᵀ.
  const projected = device.transpose(a.times(basis, { transposeA: true }));
  const blocks = factorizeColumns(device, projected);
  const core = await fetch(device, device.slice(projected, { cols: count }));
  const parts = await svd(toTensor(dtype, [count, count], core), { device });
  const across = formColumns(device, dtype, blocks, count, cols);
  const left = put(device, dtype, [count, count], new Float64Array(parts.u.data));
  const right = put(
    device,
    dtype,
    [rank, count],
    new Float64Array(parts.vt.data.subarray(0, rank * count)),
  );
  const u = await fetch(
    device,
    device.matmul(basis, device.slice(left, { cols: rank }), { transposeA: true }),
  );
  const vt = await fetch(device, device.matmul(right, across));
  turnVectors(u, vt, rank);
  const values = new Float64Array(parts.singularValues.data.subarray(0, rank));
  return {
    u: toTensor(dtype, [rows, rank], u),
    singularValues: toTensor(dtype, [rank], values.map((value) => value / a.factor)),
    vt: toTensor(dtype, [rank, cols], vt),
  };
}

/** A matrix on the device, its elements taken times a power of two. */
interface Scaled {
  readonly factor: number;
  /** Multiplies it, or its transpose, by a matrix whose rows are vectors, or its transpose. */
  times(x: DeviceArray, options?: MatmulOptions): DeviceArray;
}

/**
 * Uploads a matrix once, as it is: the factor that brings its largest element near 1 goes into the
 * products, unless they would leave the dtype before they meet it.
 */
async function scaledUpload<D extends MatrixDtype>(
  device: Device,
  matrix: Tensor<D>,
): Promise<Scaled> {
  const whole = device.upload(matrix as unknown as AnyTensor);
  const rowMaxima = await fetch(device, device.reduceRows(whole, "absMax"));
  const largest = rowMaxima.reduce((most, value) => Math.max(most, value), 0);
  // A NaN outlasts every maximum; which element it is, the host finds out.
  if (!Number.isFinite(largest)) checkFinite(ACTION, matrix.data, matrix.shape[1]);
  const factor = largest === 0 ? 1 : 2 ** Math.min(1000, -Math.floor(Math.log2(largest)));
  const isModerate = Math.abs(Math.log2(factor)) < 50;
  if (isModerate) {
    return {
      factor,
      times: (x, options) =>
        device.matmul(whole, x, { transposeB: true, ...options, alpha: factor }),
    };
  }
  const data = new Float64Array(matrix.data);
  for (let i = 0; i < data.length; i++) data[i] *= factor;
  const scaled = put(device, matrix.dtype, matrix.shape, data);
  return {
    factor,
    times: (x, options) => device.matmul(scaled, x, { transposeB: true, ...options }),
  };
}

/** An orthonormal basis of the columns of `product`, as rows; what it was made of is freed. */
function basisOf(outer: Device, product: DeviceArray): DeviceArray {
  const dtype = product.dtype as MatrixDtype;
  const [rows, count] = product.shape;
  using device = outer.scope();
  const columns = device.transpose(product);
  product[Symbol.dispose]();
  const blocks = factorizeColumns(device, columns);
  return device.keep(formColumns(device, dtype, blocks, count, rows));
}
