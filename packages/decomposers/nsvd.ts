// Nested SVD (NSVD): most of the rank to what the inputs weigh, the rest to the weight itself.
//
// J. Lu et al., "Large Language Model Compression via the Nested Activation-Aware Decomposition",
// 2025, arXiv:2503.17101. With G = X Xᵀ of the inputs, k = k₁ + k₂ and k₁ = share · k:
//
//   U₁ = the k₁ leading left singular vectors of A S, G = S Sᵀ (variant I) or by eigenvalues (II)
//   U₂ = the k₂ leading left singular vectors of A - U₁ U₁ᵀ A
//   Ã = L R    L = [U₁ U₂]    R = Lᵀ A
//
// The paper writes two pairs of factors, W₁ Z₁ + W₂ Z₂; as U₁ᵀ U₂ = 0 they are one pair of rank k,
// stored as plain SVD is. It has k₁ = 0.95 k, and does not say how that is rounded: here half up, and
// to 1 at least, so that below rank 11 the split takes all unless it is told otherwise.
// Departs from the paper: no remainder is formed; the second stage is solved in the complement of
// the first (`basis.ts`). Where the inputs reach fewer than k₁ directions, the first stage is filled
// up by plain SVD; a ridge may be added to G.
//
// Bound (T7): e² = ‖A - Ã‖_F² = Σ_{i>k₂} σ_i² of A - U₁ U₁ᵀ A, and with ℓ = ‖(A - Ã) X‖_F
//   ℓ(ASVD, k) <= ℓ <= ℓ(ASVD, k₁)    e(SVD, k) <= e <= e(ASVD, k)
// share 1 is ASVD, share 0 plain SVD. That other inputs lose less than by ASVD is no theorem.
// Cost: that of ASVD-I, and an eigenproblem of min(m, n) - k₁.

import { withDevice } from "@pare/linalg";
import {
  checkStatistics,
  type MatrixShape,
  type OperatorNode,
  type ProductOperator,
  type Statistics,
} from "@pare/operators";
import { type Check, checkOptions, oneOf, type Tensor } from "@pare/tensor";
import { planFactors, plannedRank, storeFactors } from "./factors.ts";
import { type DeviceOptions, LOW_RANK_CHECKS, type LowRankOptions } from "./low_rank_options.ts";
import { NESTED_CHECKS, type NestedOptions, splitRank } from "./nested_rank.ts";
import { checkWeight } from "./projector.ts";
import { RIDGE, type RidgeOptions, withRidge } from "./ridge.ts";
import { truncate } from "./truncate.ts";

/** Options of {@linkcode nsvd}. */
export interface NsvdOptions extends LowRankOptions, NestedOptions, RidgeOptions {
  /**
   * How the inputs weigh in the first stage: by the Gram matrix (I), by the root that its eigenvalues
   * make (II). They differ by rounding alone.
   *
   * @default {"I"}
   */
  variant?: "I" | "II";
}

/** One rule per option of {@linkcode nsvd}. */
export const NSVD_CHECKS: Readonly<Record<keyof NsvdOptions, Check>> = {
  ...LOW_RANK_CHECKS,
  ...NESTED_CHECKS,
  variant: oneOf("I", "II"),
  ridge: RIDGE,
};

const ACTION = "Cannot decompose by nested SVD";

/**
 * Decomposes a matrix into two factors: most of their rank to what the layer's inputs weigh, the rest
 * to what the weight still has beside it, which inputs that calibration did not see may need.
 *
 * @example One direction for the inputs, one for the weight
 * ```ts
 * import { nsvd } from "@pare/decomposers";
 * import { toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0, 2), [4, 4]);
 * const statistics = {
 *   tokens: 2,
 *   gram: tensor(Float64Array.from({ length: 16 }, (_, i) => i === 0 ? 400 : i % 5 ? 0 : 1), [4, 4]),
 *   meanAbs: tensor(Float64Array.of(10, 0.5, 0.5, 0.5), [4]),
 *   maxAbs: tensor(Float64Array.of(20, 1, 1, 1), [4]),
 * };
 * const options = { rank: 2, nestedRank: 1, factorDtype: "f32" } as const;
 * const { data } = toDense(await nsvd(weight, statistics, options));
 * assertAlmostEquals(data[0], 1, 1e-6);
 * assertAlmostEquals(data[5], 9, 1e-6);
 * assertAlmostEquals(data[10], 0, 1e-6);
 * ```
 *
 * @param weight A, `[m, n]`.
 * @param statistics What calibration saw at the layer's input.
 * @param options The rank, its split, how the factors are stored, and the device.
 * @returns L · R of the chosen rank.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, the statistics are of
 * another width, a number is not finite, or a factor is too large for its dtype.
 * @throws {TypeError} If an option is unknown or there are no statistics.
 */
export async function nsvd(
  weight: Tensor,
  statistics: Statistics | null,
  options: NsvdOptions & DeviceOptions = {},
): Promise<ProductOperator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, NSVD_CHECKS);
  const shape = checkWeight(ACTION, weight);
  const [first, then] = splitRank(plannedRank(shape, rest), rest);
  const seen = checkStatistics(ACTION, shape, statistics);
  const { variant, ridge } = rest;
  return await withDevice(device, async (exact) => {
    const factors = await truncate(
      weight,
      seen,
      [
        { rank: first, conditioner: { variant, ridge } },
        { rank: then, conditioner: null },
      ],
      exact,
      device,
    );
    // What the second stage keeps is not for these inputs: L fitted to A by them would undo it.
    const gram = withRidge(seen.gram, ridge);
    return await storeFactors(factors, rest, { weight: null, gram, device: exact });
  }, "f64");
}

/**
 * Tells what {@linkcode nsvd} returns for a matrix of the given shape.
 *
 * @param shape `[m, n]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, or its split takes more
 * than there is.
 * @throws {TypeError} If an option is unknown.
 */
export function planNsvd(shape: MatrixShape, options: NsvdOptions = {}): OperatorNode {
  checkOptions(ACTION, options, NSVD_CHECKS);
  splitRank(plannedRank(shape, options), options);
  return planFactors(shape, options);
}
