// Activation-aware SVD (ASVD): truncates A S instead of A, S made from the layer's inputs.
//
// Variant 0: Z. Yuan et al., "ASVD: Activation-aware Singular Value Decomposition for Compressing
// Large Language Models", 2023, arXiv:2312.05821. Variants I and II: X. Wang et al., "SVD-LLM:
// Truncation-aware Singular Value Decomposition for Large Language Model Compression", 2024,
// arXiv:2403.07378, and its second version; named as in NSVD, arXiv:2503.17101.
//
// With the inputs X `[n, tokens]`, G = X Xᵀ and a_j the mean (or largest) |x_j|:
//
//   0    S = diag(a_j^α + ε)
//   I    G = S Sᵀ, S lower triangular (Cholesky)
//   II   G = P Λ Pᵀ,  S = P Λ^(1/2), negative eigenvalues taken as zero
//   A S = U Σ Vᵀ,  L = U_k,  R = U_kᵀ A
//
// Departs from the papers: the projector form instead of an inverse of S; where Cholesky fails on
// a singular G, variant I goes on as variant II without jitter, which has the same result; ranks
// beyond the numerical rank of A S are filled by plain SVD of what is left.
// Bound, I and II: ‖(A - Ã) X‖_F² = Σ_{i>k} σ_i², and no matrix of rank k does better, so I and II
// are at or below 0 and plain SVD on every layer. Cost: the SVD, and n³/3 or one eigenproblem.

import {
  cholesky,
  type Device,
  downloadF64,
  eigh,
  svd as decompose,
  withDevice,
} from "@pare/linalg";
import type { MatrixShape, OperatorNode, ProductOperator, Statistics } from "@pare/operators";
import {
  type Check,
  checkOptions,
  number,
  oneOf,
  ShapeError,
  type Tensor,
  toF64,
} from "@pare/tensor";
import { checkWeight, leadingCols, planFactors, projectOnto } from "./projector.ts";
import { rankOf } from "./rank.ts";
import { type DeviceOptions, SVD_CHECKS, type SvdOptions } from "./svd.ts";

/** Options of {@linkcode asvd}. */
export interface AsvdOptions extends SvdOptions {
  /**
   * How the inputs weigh: by a diagonal (0), by Cholesky whitening (I), by eigenvalue whitening
   * (II).
   *
   * @default {"I"}
   */
  variant?: "0" | "I" | "II";
  /**
   * The exponent α of variant 0.
   *
   * @default {0.5}
   */
  alpha?: number;
  /**
   * The statistic of each channel that variant 0 takes: the mean or the largest |x|.
   *
   * @default {"mean"}
   */
  statistic?: "mean" | "max";
}

/** One rule per option of {@linkcode asvd}. */
export const ASVD_CHECKS: Readonly<Record<keyof AsvdOptions, Check>> = {
  ...SVD_CHECKS,
  variant: oneOf("0", "I", "II"),
  alpha: number(0, 2),
  statistic: oneOf("mean", "max"),
};

const ACTION = "Cannot decompose by activation-aware SVD";
/** ε of variant 0, as in the paper's code; it only matters where a channel is always zero. */
const EPSILON = 1e-6;

/**
 * Decomposes a matrix into two factors, weighing errors by what the layer's inputs were.
 *
 * @example An input that is always zero costs nothing
 * ```ts
 * import { asvd } from "@pare/decomposers";
 * import { toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, 0, 0, 1, 9, 9, 0, 0, 0), [3, 3]);
 * const statistics = {
 *   tokens: 2,
 *   gram: tensor(Float64Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0), [3, 3]),
 *   meanAbs: tensor(Float64Array.of(1, 0, 0), [3]),
 *   maxAbs: tensor(Float64Array.of(2, 0, 0), [3]),
 * };
 * const operator = await asvd(weight, statistics, { rank: 1, factorDtype: "f32" });
 * assertAlmostEquals(toDense(operator).data[0], 1, 1e-6);
 * ```
 *
 * @param weight A, `[m, n]`.
 * @param statistics What calibration saw at the layer's input.
 * @param options The variant, the rank and the factors' dtype, and the device.
 * @returns L · R of the chosen rank.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, the statistics are of
 * another width, or a number is not finite.
 * @throws {TypeError} If an option is unknown or there are no statistics.
 */
export async function asvd(
  weight: Tensor,
  statistics: Statistics | null,
  options: AsvdOptions & DeviceOptions = {},
): Promise<ProductOperator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, ASVD_CHECKS);
  const shape = checkWeight(ACTION, weight);
  const rank = rankOf(shape, rest);
  if (!statistics) {
    throw new TypeError(
      `${ACTION} as statistics of the inputs must be given: current value is null`,
    );
  }
  const [, cols] = shape;
  const { gram } = statistics;
  if (gram.shape[0] !== cols || gram.shape[1] !== cols) {
    throw new ShapeError(ACTION, [cols, cols], gram.shape);
  }
  return await withDevice(device, async (device) => {
    const { variant = "I" } = rest;
    const conditioner = variant === "0"
      ? diagonal(statistics, rest)
      : variant === "I"
      ? await cholesky(gram, { device }).catch(() => eigenRoot(gram, device))
      : await eigenRoot(gram, device);
    const basis = await leftBasis(weight, conditioner, rank, device);
    return await projectOnto(weight, basis, rest.factorDtype ?? "f16", device);
  });
}

/**
 * Tells what {@linkcode asvd} returns for a matrix of the given shape.
 *
 * @param shape `[m, n]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or the rank saves nothing.
 * @throws {TypeError} If an option is unknown.
 */
export function planAsvd(shape: MatrixShape, options: AsvdOptions = {}): OperatorNode {
  checkOptions(ACTION, options, ASVD_CHECKS);
  return planFactors(shape, rankOf(shape, options), options.factorDtype ?? "f16");
}

function diagonal(statistics: Statistics, options: AsvdOptions): Tensor<"f64"> {
  const { alpha = 0.5, statistic = "mean" } = options;
  const { data } = statistic === "mean" ? statistics.meanAbs : statistics.maxAbs;
  const n = data.length;
  const result = new Float64Array(n * n);
  for (let j = 0; j < n; j++) result[j * n + j] = data[j] ** alpha + EPSILON;
  return { dtype: "f64", shape: [n, n], data: result };
}

/** S = P Λ^(1/2), so that S Sᵀ = G; defined for every positive semidefinite G. */
async function eigenRoot(gram: Tensor<"f64">, device: Device): Promise<Tensor<"f64">> {
  const { values, vectors } = await eigh(gram, { device });
  const n = gram.shape[0];
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      data[i * n + j] = vectors.data[i * n + j] * Math.sqrt(Math.max(0, values.data[j]));
    }
  }
  return { dtype: "f64", shape: [n, n], data };
}

/** The first `rank` left singular vectors of A S; where A S has fewer, then those of the rest. */
async function leftBasis(
  weight: Tensor,
  conditioner: Tensor<"f64">,
  rank: number,
  device: Device,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const a = scope.upload(toF64(weight));
  const weighted = scope.matmul(a, scope.upload(conditioner));
  const { u, singularValues } = await decompose(await downloadF64(scope, weighted), { device });
  const sigma = singularValues.data;
  const floor = Math.max(...weight.shape) * Number.EPSILON * sigma[0];
  const known = sigma.findIndex((value) => value <= floor);
  if (known < 0 || known >= rank) return leadingCols(u, rank);
  // (I - U₁ U₁ᵀ) A has no part in U₁, so its left singular vectors are orthogonal to U₁.
  const first = leadingCols(u, known);
  const rest = scope.cast(a, "f64");
  if (known > 0) {
    const u1 = scope.upload(first);
    const coordinates = scope.matmul(u1, a, { transposeA: true });
    scope.matmul(u1, coordinates, { into: rest, alpha: -1 });
  }
  const second = (await decompose(await downloadF64(scope, rest), { device })).u;
  return joinCols(first, leadingCols(second, rank - known));
}

function joinCols(a: Tensor<"f64">, b: Tensor<"f64">): Tensor<"f64"> {
  const [rows, left] = a.shape;
  const right = b.shape[1];
  const data = new Float64Array(rows * (left + right));
  for (let i = 0; i < rows; i++) {
    data.set(a.data.subarray(i * left, (i + 1) * left), i * (left + right));
    data.set(b.data.subarray(i * right, (i + 1) * right), i * (left + right) + left);
  }
  return { dtype: "f64", shape: [rows, left + right], data };
}
