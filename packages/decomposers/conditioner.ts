// The conditioners S of activation-aware SVD, as weightings G = S Sᵀ: of the SVD of A S only its left
// vectors are asked for, the eigenvectors of A G Aᵀ, and those are the same for every root of G (T4).
//
//   0    G = diag(a_j^(2α)) + μ I, a_j the mean or largest |x_j|
//   I    G = X Xᵀ + μ I, as it is: no factorization at all
//   II   X Xᵀ = P Λ Pᵀ,  S = P (max(Λ, 0) + μ)^(1/2)
//
// μ is the ridge, of the mean of the diagonal of G. II costs an eigenproblem of n³, and is for a Gram
// matrix that rounding made indefinite.

import type { Device } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { type Check, number, oneOf, type Tensor } from "@pare/tensor";
import { eigenRoot } from "./eigen_root.ts";
import { RIDGE, type RidgeOptions, withRidge } from "./ridge.ts";
import type { Weighting } from "./weighting.ts";

/** How inputs weigh. */
export interface ConditionerOptions extends RidgeOptions {
  /**
   * How the inputs weigh: by a diagonal (0), by the Gram matrix (I), by the root that its eigenvalues
   * make (II). I and II differ by rounding alone.
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

/** One rule per option of a conditioner. */
export const CONDITIONER_CHECKS: Readonly<Record<keyof ConditionerOptions, Check>> = {
  variant: oneOf("0", "I", "II"),
  alpha: number(0, 2),
  statistic: oneOf("mean", "max"),
  ridge: RIDGE,
};

/** What the inputs of a layer weigh. */
export async function conditionerOf(
  statistics: Statistics,
  options: ConditionerOptions,
  device: Device,
): Promise<Weighting> {
  const { variant = "I", ridge = 0 } = options;
  if (variant === "II") return { root: await eigenRoot(statistics.gram, ridge, device) };
  const gram = variant === "I" ? statistics.gram : diagonal(statistics, options);
  return { gram: withRidge(gram, ridge) };
}

/** S itself, `[n, n]`, or its diagonal `[n]`; I and II have the same. */
export async function rootOf(
  statistics: Statistics,
  options: ConditionerOptions,
  device: Device,
): Promise<Tensor<"f64">> {
  const { variant, ridge = 0 } = options;
  if (variant !== "0") return await eigenRoot(statistics.gram, ridge, device);
  const gram = withRidge(diagonal(statistics, options), ridge);
  return { ...gram, data: gram.data.map(Math.sqrt) };
}

function diagonal(statistics: Statistics, options: ConditionerOptions): Tensor<"f64"> {
  const { alpha = 0.5, statistic = "mean" } = options;
  const { shape, data } = statistic === "mean" ? statistics.meanAbs : statistics.maxAbs;
  return { dtype: "f64", shape, data: data.map((value) => value ** (2 * alpha)) };
}
