// NVFP4: numbers of four bits, one of eight for each group of 16, and one of 32 for the matrix.
//
// NVIDIA, "Pretraining Large Language Models with NVFP4", 2025, arXiv:2509.25149, section 2. With the levels
// c of E2M1, ±(0, 0.5, 1, 1.5, 2, 3, 4, 6), for each group g of 16 neighbours in a row:
//
//   t = max |w| / (6 · 448)            over the whole matrix, f32
//   s_g = e4m3(max |w_i| / (6 t))      rounded to nearest, 448 at most
//   q_i = argmin_q |w_i / (s_g t) - c_q|    ŵ_i = s_g t c_q
//
// Half way between two levels it is the one of the even code.
// Bound: |w_i - ŵ_i| <= s_g t + |w_i| / 16 where s_g is at least 2^-6: as s_g may be rounded down by a
// sixteenth, the largest weight of a group may lie that far beyond six. A group whose largest weight is
// below 6 t 2^-10 is restored as zeros. Cost: three passes over the weights.

import type { LevelsOperator, MatrixShape, OperatorNode } from "@pare/operators";
import { boolean, type Check, checkOptions, type Checks, type Tensor } from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { groupSizeOf } from "./groups.ts";
import { groupMagnitudes, type LevelGrid, operatorOnLevels, stepsOf } from "./level_grid.ts";
import { scaleByMatrix } from "./matrix_scale.ts";

/** Options of {@linkcode nvfp4}. */
export interface Nvfp4Options {
  /**
   * Whether the last group of a row may be shorter than the others; else 16 must divide the columns.
   *
   * @default {false}
   */
  partialGroups?: boolean;
}

/** One rule per option of {@linkcode nvfp4}. */
export const NVFP4_CHECKS: Checks<Nvfp4Options> = {
  partialGroups: boolean(),
} satisfies Record<keyof Nvfp4Options, Check>;

const ACTION = "Cannot quantize to NVFP4";

/** Weights that share a scale. */
const GROUP_SIZE = 16;
/** The greatest level of E2M1. */
const GREATEST = 6;

/**
 * Quantizes a matrix to numbers of four bits with a scale of eight for each 16; needs no calibration.
 *
 * @example A little more than four and a half bits
 * ```ts
 * import { nvfp4 } from "@pare/quantizers";
 * import { byteLengthOf } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = nvfp4(randomNormal([8, 64], { seed: 1 }));
 * assertEquals(byteLengthOf(operator), 8 * 64 * 4.5 / 8 + 4);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options Groups.
 * @returns The codes and scales.
 * @throws {RangeError} If 16 does not divide the columns, or a weight is not finite.
 * @throws {TypeError} If an option is unknown.
 */
export function nvfp4(weight: Tensor, options: Nvfp4Options = {}): LevelsOperator {
  return operatorOnLevels(weight.data, fitNvfp4(weight, options));
}

/** Finds the scales of {@linkcode nvfp4}. */
export function fitNvfp4(weight: Tensor, options: Nvfp4Options): LevelGrid {
  const shape = matrixShapeOf(ACTION, weight);
  const group = resolve(shape, options);
  const magnitudes = groupMagnitudes(ACTION, weight, group);
  const { scales, matrixScale } = scaleByMatrix(magnitudes, GREATEST);
  const steps = stepsOf(ACTION, scales, matrixScale);
  return { shape, kind: "e2m1", bits: 4, group, scales, matrixScale, steps };
}

/**
 * Tells what {@linkcode nvfp4} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If 16 does not divide the columns.
 * @throws {TypeError} If an option is unknown.
 */
export function planNvfp4(shape: MatrixShape, options: Nvfp4Options = {}): OperatorNode {
  const groupSize = resolve(shape, options);
  const scaling = { groupSize, scaleDtype: "f8e4m3", matrixScale: true } as const;
  return { form: "levels", shape, kind: "e2m1", bits: 4, ...scaling };
}

function resolve([, cols]: MatrixShape, options: Nvfp4Options): number {
  checkOptions(ACTION, options, NVFP4_CHECKS);
  return groupSizeOf(ACTION, cols, GROUP_SIZE, options.partialGroups ?? false);
}
