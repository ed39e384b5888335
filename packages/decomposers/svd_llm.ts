// SVD-LLM: activation-aware truncation, then the left factor fitted to what the layer really reads.
//
// X. Wang et al., "SVD-LLM: Truncation-aware Singular Value Decomposition for Large Language Model
// Compression", 2024, arXiv:2403.07378: whitening by the inputs X of the original model, and the
// closed-form update by the inputs X' that the blocks compressed before this one leave of them. With
// G = X Xᵀ and G' = X' X'ᵀ:
//
//   G = S Sᵀ    A S = U Σ Vᵀ    R = U_kᵀ A    L = A G' Rᵀ (R G' Rᵀ)⁻¹
//
// Departs from the paper: U_k are eigenvectors of A G Aᵀ, which needs no inverse of S; where G' is
// singular, L is the solution nearest to U_k; G' is of all the calibration text, not of a part of it.
// Its fine-tuning of the factors is another method's task.
// Bound: ‖(A - L R) X'‖_F is least for this R, and so at most what activation-aware SVD loses on X';
// where G' = G the update changes nothing (T8 of the family). Cost: that of the basis and the refit.

import { withDevice } from "@pare/linalg";
import {
  checkStatistics,
  type MatrixShape,
  type OperatorNode,
  type ProductOperator,
  type Statistics,
} from "@pare/operators";
import { type Check, checkOptions, ShapeError, type Tensor, toF64 } from "@pare/tensor";
import { type Factors, planFactors, plannedRank, storeFactors } from "./factors.ts";
import { type DeviceOptions, LOW_RANK_CHECKS, type LowRankOptions } from "./low_rank_options.ts";
import { checkWeight } from "./projector.ts";
import { refitFactors } from "./refit_left.ts";
import { RIDGE, type RidgeOptions, withRidge } from "./ridge.ts";
import { truncate } from "./truncate.ts";

/** Options of {@linkcode svdLlm}; the ridge is one on both Gram matrices. */
export interface SvdLlmOptions extends LowRankOptions, RidgeOptions {}

/** One rule per option of {@linkcode svdLlm}. */
export const SVD_LLM_CHECKS: Readonly<Record<keyof SvdLlmOptions, Check>> = {
  ...LOW_RANK_CHECKS,
  ridge: RIDGE,
};

const ACTION = "Cannot decompose by SVD-LLM";

/**
 * Decomposes a matrix into two factors: the right one by the inputs of the original model, the left
 * one by those that the compressed blocks before it leave.
 *
 * @example A channel that the compressed model no longer fills
 * ```ts
 * import { svdLlm } from "@pare/decomposers";
 * import { toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const statistics = {
 *   tokens: 2,
 *   gram: tensor(Float64Array.of(4, 0, 0, 1), [2, 2]),
 *   meanAbs: tensor(Float64Array.of(1, 0.5), [2]),
 *   maxAbs: tensor(Float64Array.of(2, 1), [2]),
 *   compressed: { tokens: 2, gram: tensor(Float64Array.of(4, 0, 0, 0), [2, 2]) },
 * };
 * const weight = tensor(Float32Array.of(2, 1, 1, 1), [2, 2]);
 * const operator = await svdLlm(weight, statistics, { rank: 1, factorDtype: "f32" });
 * // Of rank 1, but exact in all that is left of the inputs.
 * assertAlmostEquals(toDense(operator).data[0], 2, 1e-6);
 * assertAlmostEquals(toDense(operator).data[2], 1, 1e-6);
 * ```
 *
 * @param weight A, `[m, n]`.
 * @param statistics What calibration saw at the layer's input, with `compressed`.
 * @param options The rank, how the factors are stored, a ridge, and the device.
 * @returns L · R of the chosen rank.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, the statistics are of
 * another width, a number is not finite, or a factor is too large for its dtype.
 * @throws {TypeError} If an option is unknown, or there are no statistics of the original or of the
 * compressed model.
 */
export async function svdLlm(
  weight: Tensor,
  statistics: Statistics | null,
  options: SvdLlmOptions & DeviceOptions = {},
): Promise<ProductOperator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, SVD_LLM_CHECKS);
  const shape = checkWeight(ACTION, weight);
  const rank = plannedRank(shape, rest);
  const original = checkStatistics(ACTION, shape, statistics);
  const { ridge } = rest;
  const compressed = withRidge(compressedGram(shape, original), ridge);
  return await withDevice(device, async (exact) => {
    const a = toF64(weight);
    const stages = [{ rank, conditioner: { ridge } }];
    const { left, right } = await truncate(a, original, stages, exact, device);
    const factors: Factors = {
      left: await refitFactors({ left, right }, a, compressed, exact),
      right,
    };
    return await storeFactors(factors, rest, { weight: a, gram: compressed, device: exact });
  }, "f64");
}

/**
 * Tells what {@linkcode svdLlm} returns for a matrix of the given shape.
 *
 * @param shape `[m, n]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or the rank saves nothing.
 * @throws {TypeError} If an option is unknown.
 */
export function planSvdLlm(shape: MatrixShape, options: SvdLlmOptions = {}): OperatorNode {
  checkOptions(ACTION, options, SVD_LLM_CHECKS);
  return planFactors(shape, options);
}

/** G' of a layer of that shape. */
function compressedGram([, cols]: MatrixShape, { compressed }: Statistics): Tensor<"f64"> {
  if (!compressed) {
    throw new TypeError(
      `${ACTION} as statistics of the inputs behind compressed blocks must be given: current ` +
        `value is ${compressed}`,
    );
  }
  const { shape } = compressed.gram;
  if (shape[0] !== cols || shape[1] !== cols) throw new ShapeError(ACTION, [cols, cols], shape);
  return compressed.gram;
}
