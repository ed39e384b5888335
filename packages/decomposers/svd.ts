// Plain truncated SVD: the best approximation of given rank in the Frobenius norm.
//
// C. Eckart, G. Young, "The approximation of one matrix by another of lower rank",
// Psychometrika 1 (1936):
//
//   A = U Σ Vᵀ    Ã = U_k Σ_k V_kᵀ = L R    L = U_k    R = U_kᵀ A
//
// Bound: ‖A - Ã‖_F² = Σ_{i>k} σ_i², and no matrix of rank k is nearer. Rounding the factors to
// their dtype comes on top. Cost: one eigenproblem of min(m, n), and products; see `basis.ts`.

import { withDevice } from "@pare/linalg";
import type { MatrixShape, OperatorNode, ProductOperator } from "@pare/operators";
import { checkOptions, type Tensor } from "@pare/tensor";
import { planFactors, plannedRank, storeFactors } from "./factors.ts";
import { type DeviceOptions, LOW_RANK_CHECKS, type LowRankOptions } from "./low_rank_options.ts";
import { checkWeight } from "./projector.ts";
import { truncate } from "./truncate.ts";

const ACTION = "Cannot decompose by SVD";

/**
 * Decomposes a matrix into two factors by truncated SVD.
 *
 * @example A matrix of rank 1 is kept as it is
 * ```ts
 * import { svd } from "@pare/decomposers";
 * import { toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, 2, 3, 2, 4, 6), [2, 3]);
 * const restored = toDense(await svd(weight, { rank: 1, factorDtype: "f32" }));
 * assertAlmostEquals(restored.data[5], 6, 1e-6);
 * ```
 *
 * @param weight A, `[m, n]`.
 * @param options The rank and how the factors are stored, and the device.
 * @returns L · R of the chosen rank.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, a weight is not finite,
 * or a factor is too large for its dtype.
 * @throws {TypeError} If an option is unknown.
 */
export async function svd(
  weight: Tensor,
  options: LowRankOptions & DeviceOptions = {},
): Promise<ProductOperator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, LOW_RANK_CHECKS);
  const rank = plannedRank(checkWeight(ACTION, weight), rest);
  return await withDevice(device, async (exact) => {
    const factors = await truncate(weight, null, [{ rank, conditioner: null }], exact, device);
    return await storeFactors(factors, rest, { weight, gram: null, device: exact });
  }, "f64");
}

/**
 * Tells what {@linkcode svd} returns for a matrix of the given shape.
 *
 * @param shape `[m, n]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or the rank saves nothing.
 * @throws {TypeError} If an option is unknown.
 */
export function planSvd(shape: MatrixShape, options: LowRankOptions = {}): OperatorNode {
  checkOptions(ACTION, options, LOW_RANK_CHECKS);
  return planFactors(shape, options);
}
