// The squared singular values of A S, S Sᵀ = G: what each direction of a layer's outputs weighs, and
// so what truncation at rank k loses, ‖(A - Ã) X‖_F² = Σ_{i>k} σ_i² (T2 of the SVD family).
//
// The eigenvalues of A G Aᵀ, or of R G Rᵀ where A = Q R has more rows than columns.
// Bound: each is off by about (m + n) ε σ_1², so that the last ones of a steep spectrum are noise; none
// is below zero. Cost: 2 m n² + m² n, and 4/3 m³ for the eigenvalues alone, for m <= n.

import { type Device, eighRows, qr, withDevice } from "@pare/linalg";
import { checkStatistics, type MatrixShape, type Statistics } from "@pare/operators";
import { type Check, checkOptions, type Tensor, toF64 } from "@pare/tensor";
import { RIDGE, type RidgeOptions, withRidge } from "./ridge.ts";
import type { DeviceOptions } from "./low_rank_options.ts";
import { checkWeight } from "./projector.ts";
import { weightedProduct } from "./weighting.ts";

const ACTION = "Cannot take the singular values of a weighted matrix";
const CHECKS: Readonly<Record<keyof RidgeOptions, Check>> = { ridge: RIDGE };

/**
 * Takes the squared singular values of A S, where S Sᵀ is the Gram matrix of the layer's inputs.
 *
 * Their sum is ‖A X‖_F², and the sum of all but the first k the least that a matrix of rank k loses
 * of it.
 *
 * @example Two channels, one of them three times as loud
 * ```ts
 * import { whitenedSpectrum } from "@pare/decomposers";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(3, 0, 0, 2), [2, 2]);
 * const statistics = {
 *   tokens: 2,
 *   gram: tensor(Float64Array.of(1, 0, 0, 9), [2, 2]),
 *   meanAbs: tensor(Float64Array.of(0.5, 1.5), [2]),
 *   maxAbs: tensor(Float64Array.of(1, 3), [2]),
 * };
 * const [first, second] = await whitenedSpectrum(weight, statistics);
 * assertAlmostEquals(first, 36, 1e-12);
 * assertAlmostEquals(second, 9, 1e-12);
 * ```
 *
 * @param weight A, `[m, n]`.
 * @param statistics What calibration saw at the layer's input; `null` for σ_i(A)².
 * @param options A ridge on the Gram matrix, and the device.
 * @returns The squares, descending, min(m, n) of them.
 * @throws {RangeError} If the statistics are of another width, or a number is not finite.
 * @throws {TypeError} If an option is unknown.
 */
export async function whitenedSpectrum(
  weight: Tensor,
  statistics: Statistics | null,
  options: RidgeOptions & DeviceOptions = {},
): Promise<Float64Array> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, CHECKS);
  const shape = checkWeight(ACTION, weight);
  const gram = statistics && withRidge(checkStatistics(ACTION, shape, statistics).gram, rest.ridge);
  return await withDevice(device, (device) => squares(toF64(weight), shape, gram, device), "f64");
}

async function squares(
  weight: Tensor<"f64">,
  [rows, cols]: MatrixShape,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<Float64Array> {
  const core = rows > cols ? (await qr(weight, { device })).r : weight;
  using scope = device.scope();
  const product = weightedProduct(scope, { gram }, scope.upload(core));
  const { values } = await eighRows(scope, product, { largest: 0 });
  return values.map((value) => Math.max(0, value)).reverse();
}
