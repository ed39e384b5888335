// NormalFloat: levels at quantiles of the normal distribution, and the largest magnitude of each group.
//
// T. Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023, arXiv:2305.14314, section 3.
// With the levels c of b bits from -1 to 1 (`levelsOf` of @pare/operators), for each group g of neighbours
// in a row:
//
//   s_g = max |w_i|    q_i = argmin_q |w_i / s_g - c_q|    ŵ_i = s_g c_q
//
// s_g is rounded to its stored dtype first. Departs from the paper: scales are f16, or numbers of 8 bits
// (E4M3) times one f32 for the matrix, the largest magnitude over 448, in place of its double quantization;
// and b may be 2 and 3 too, with levels by the same rule.
// Bound: |w_i - ŵ_i| <= s_g d / 2 + max(u s_g, t / 2), d the largest distance of two levels, u the unit
// roundoff of the scales' dtype and t its least positive number. Cost: two passes over the weights.

import type { LevelsOperator, MatrixShape, OperatorNode } from "@pare/operators";
import {
  boolean,
  castTo,
  type Check,
  checkOptions,
  type Checks,
  integer,
  oneOf,
  type Tensor,
} from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { groupSizeOf } from "./groups.ts";
import { groupMagnitudes, type LevelGrid, operatorOnLevels, stepsOf } from "./level_grid.ts";
import { scaleByMatrix } from "./matrix_scale.ts";

/** Options of {@linkcode nf4}. */
export interface Nf4Options {
  /**
   * The bits of one code, 2 to 4.
   *
   * @default {4}
   */
  bits?: number;
  /**
   * How many neighbours of a row make a group.
   *
   * @default {64}
   */
  groupSize?: number;
  /**
   * Whether the last group of a row may be shorter than the others; else `groupSize` must divide
   * the columns.
   *
   * @default {false}
   */
  partialGroups?: boolean;
  /**
   * The dtype that scales are stored in; with `f8e4m3`, one f32 is stored beside them.
   *
   * @default {"f16"}
   */
  scaleDtype?: "f16" | "f32" | "f8e4m3";
}

/** One rule per option of {@linkcode nf4}. */
export const NF4_CHECKS: Checks<Nf4Options> = {
  bits: integer(2, 4),
  groupSize: integer(1),
  partialGroups: boolean(),
  scaleDtype: oneOf("f16", "f32", "f8e4m3"),
} satisfies Record<keyof Nf4Options, Check>;

const ACTION = "Cannot quantize to NormalFloat";

/**
 * Quantizes a matrix to levels that suit normally distributed weights; needs no calibration.
 *
 * @example Zeros, and the largest weight of a group, stay as they are
 * ```ts
 * import { nf4 } from "@pare/quantizers";
 * import { bitsPerWeight, toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = randomNormal([1, 64], { seed: 1 });
 * weight.data.set([0, -8]);
 * const operator = nf4(weight);
 * assertEquals(toDense(operator).data.slice(0, 2), Float32Array.of(0, -8));
 * assertEquals(bitsPerWeight(operator), 4.25);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options Bits and groups.
 * @returns The codes and scales.
 * @throws {RangeError} If an option is out of range, the group size does not divide the columns,
 * a weight is not finite, or a scale is too large for its dtype.
 * @throws {TypeError} If an option is unknown.
 */
export function nf4(weight: Tensor, options: Nf4Options = {}): LevelsOperator {
  return operatorOnLevels(weight.data, fitNf4(weight, options));
}

/** Finds the scales of {@linkcode nf4}. */
export function fitNf4(weight: Tensor, options: Nf4Options): LevelGrid {
  const shape = matrixShapeOf(ACTION, weight);
  const { bits, group, scaleDtype } = resolve(shape, options);
  const magnitudes = groupMagnitudes(ACTION, weight, group);
  const { scales, matrixScale } = scaleDtype === "f8e4m3"
    ? scaleByMatrix(magnitudes, 1)
    : { scales: castTo(magnitudes, scaleDtype), matrixScale: null };
  const steps = stepsOf(ACTION, scales, matrixScale);
  return { shape, kind: "normal", bits, group, scales, matrixScale, steps };
}

/**
 * Tells what {@linkcode nf4} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function planNf4(shape: MatrixShape, options: Nf4Options = {}): OperatorNode {
  const { bits, group, scaleDtype } = resolve(shape, options);
  const matrixScale = scaleDtype === "f8e4m3";
  return { form: "levels", shape, kind: "normal", bits, groupSize: group, scaleDtype, matrixScale };
}

function resolve([, cols]: MatrixShape, options: Nf4Options) {
  checkOptions(ACTION, options, NF4_CHECKS);
  const { bits = 4, groupSize = 64, partialGroups = false, scaleDtype = "f16" } = options;
  return { bits, group: groupSizeOf(ACTION, cols, groupSize, partialGroups), scaleDtype };
}
