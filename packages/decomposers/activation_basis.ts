import { cholesky, type Device, downloadF64, eigh, svd as decompose } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { type Tensor, toF64 } from "@pare/tensor";
import { leadingCols } from "./projector.ts";

/** How inputs weigh. */
export interface ConditionerOptions {
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

/** The first `rank` left singular vectors U_k of A S, f64 `[m, rank]`; zeros where A has fewer. */
export async function activationBasis(
  weight: Tensor,
  statistics: Statistics,
  rank: number,
  options: ConditionerOptions,
  device: Device,
): Promise<Tensor<"f64">> {
  const { gram } = statistics;
  const { variant = "I" } = options;
  const conditioner = variant === "0"
    ? diagonal(statistics, options)
    : variant === "I"
    ? await cholesky(gram, { device }).catch((error) => {
      // A pivot that is not positive: the Gram matrix is singular.
      if (error instanceof RangeError) return eigenRoot(gram, device);
      throw error;
    })
    : await eigenRoot(gram, device);
  // G is known to n ε of its largest eigenvalue, and so its square roots to √(n ε).
  const precision = variant === "0"
    ? Math.max(...weight.shape) * Number.EPSILON
    : Math.sqrt(weight.shape[1] * Number.EPSILON);
  return await leftBasis(weight, conditioner, rank, precision, device);
}

function diagonal(statistics: Statistics, options: ConditionerOptions): Tensor<"f64"> {
  const { alpha = 0.5, statistic = "mean" } = options;
  const { data } = statistic === "mean" ? statistics.meanAbs : statistics.maxAbs;
  const n = data.length;
  const result = new Float64Array(n * n);
  for (let j = 0; j < n; j++) result[j * n + j] = data[j] ** alpha;
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

/**
 * The first `rank` left singular vectors of A S; where it has fewer above `precision` of the largest
 * singular value, then those of the rest of A, and zeros where A has no more.
 */
async function leftBasis(
  weight: Tensor,
  conditioner: Tensor<"f64">,
  rank: number,
  precision: number,
  device: Device,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const a = scope.upload(toF64(weight));
  const weighted = scope.matmul(a, scope.upload(conditioner));
  const { u, singularValues } = await decompose(await downloadF64(scope, weighted), { device });
  const sigma = singularValues.data;
  const known = sigma.findIndex((value) => value <= precision * sigma[0]);
  if (known < 0 || known >= rank) return leadingCols(u, rank);
  // (I - U₁ U₁ᵀ) A has no part in U₁, so its left singular vectors are orthogonal to U₁.
  const first = leadingCols(u, known);
  const rest = scope.cast(a, "f64");
  if (known > 0) {
    const u1 = scope.upload(first);
    const coordinates = scope.matmul(u1, a, { transposeA: true });
    scope.matmul(u1, coordinates, { into: rest, alpha: -1 });
  }
  const second = await decompose(await downloadF64(scope, rest), { device });
  return joinCols(first, withoutNoise(second, rank - known, weight));
}

/**
 * The first `count` left singular vectors of the rest of A, those of its rounding errors as zeros.
 *
 * A vector of singular value σ has a part of about ε ‖A‖ / σ in U₁, by which the projection would
 * count U₁ twice; leaving the vector out costs σ. Both are √ε ‖A‖ where σ is.
 */
function withoutNoise(
  { u, singularValues }: { u: Tensor<"f64">; singularValues: Tensor<"f64"> },
  count: number,
  weight: Tensor,
): Tensor<"f64"> {
  const floor = Math.sqrt(Number.EPSILON * toF64(weight).data.reduce((sum, w) => sum + w * w, 0));
  const result = leadingCols(u, count);
  for (let i = 0; i < result.data.length; i++) {
    if (singularValues.data[i % count] <= floor) result.data[i] = 0;
  }
  return result;
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
