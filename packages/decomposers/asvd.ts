// Activation-aware SVD (ASVD): truncates A S instead of A, S made from the layer's inputs.
//
// Variant 0: Z. Yuan et al., "ASVD: Activation-aware Singular Value Decomposition for Compressing
// Large Language Models", 2023, arXiv:2312.05821. Variants I and II: X. Wang et al., "SVD-LLM:
// Truncation-aware Singular Value Decomposition for Large Language Model Compression", 2024,
// arXiv:2403.07378, and its second version; named as in NSVD, arXiv:2503.17101.
//
// With the inputs X `[n, tokens]`, G = X Xᵀ and a_j the mean (or largest) |x_j|:
//
//   0    S = diag(a_j^α)
//   I    G = S Sᵀ, S any square root
//   II   G = P Λ Pᵀ,  S = P Λ^(1/2), negative eigenvalues taken as zero
//   A S = U Σ Vᵀ,  L = U_k,  R = U_kᵀ A
//
// A ridge takes G + μ I for G: least ‖(A - Ã) X‖² + μ ‖A - Ã‖² (T6), between ASVD and plain SVD.
// Departs from the papers: the projector form instead of an inverse of S, so that variant 0 needs
// no ε against channels that are always zero; U_k are the eigenvectors of A S Sᵀ Aᵀ, so that variant
// I needs no Cholesky factor of G, nor jitter where G is singular; ranks beyond the numerical rank of
// A S are filled by plain SVD of what is left, and those beyond the rank of A by zeros.
// Bound, I and II: ‖(A - Ã) X‖_F² = Σ_{i>k} σ_i², and no matrix of rank k does better, so I and II
// are at or below 0 and plain SVD on every layer. Cost: that of `basis.ts`; II, an eigenproblem of n
// more.

import { withDevice } from "@pare/linalg";
import {
  checkStatistics,
  type MatrixShape,
  type OperatorNode,
  type ProductOperator,
  type Statistics,
} from "@pare/operators";
import { type Check, checkOptions, type Tensor } from "@pare/tensor";
import { CONDITIONER_CHECKS, type ConditionerOptions } from "./conditioner.ts";
import { planFactors, plannedRank, storeFactors } from "./factors.ts";
import { type DeviceOptions, LOW_RANK_CHECKS, type LowRankOptions } from "./low_rank_options.ts";
import { checkWeight } from "./projector.ts";
import { withRidge } from "./ridge.ts";
import { truncate } from "./truncate.ts";

/** Options of {@linkcode asvd}. */
export interface AsvdOptions extends LowRankOptions, ConditionerOptions {}

/** One rule per option of {@linkcode asvd}. */
export const ASVD_CHECKS: Readonly<Record<keyof AsvdOptions, Check>> = {
  ...LOW_RANK_CHECKS,
  ...CONDITIONER_CHECKS,
};

const ACTION = "Cannot decompose by activation-aware SVD";

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
 * another width, a number is not finite, or a factor is too large for its dtype.
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
  const rank = plannedRank(shape, rest);
  const seen = checkStatistics(ACTION, shape, statistics);
  return await withDevice(device, async (exact) => {
    const factors = await truncate(weight, seen, [{ rank, conditioner: rest }], exact, device);
    const gram = withRidge(seen.gram, rest.ridge);
    return await storeFactors(factors, rest, { weight, gram, device: exact });
  }, "f64");
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
  return planFactors(shape, options);
}
