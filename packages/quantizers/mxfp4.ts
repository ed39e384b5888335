// MXFP4: numbers of four bits, and a power of two for each group of 32.
//
// B. D. Rouhani et al., "OCP Microscaling Formats (MX) Specification", version 1.0, 2023, sections 5 and 6.
// With the levels c of E2M1, ±(0, 0.5, 1, 1.5, 2, 3, 4, 6), for each group g of 32 neighbours in a row:
//
//   e_g = floor(log2 max |w_i|) - 2    q_i = argmin_q |w_i / 2^e_g - c_q|    ŵ_i = 2^e_g c_q
//
// so that the largest magnitude falls between 4 and 8, and what is beyond 6 becomes 6. Half way between two
// levels it is the one of the even code. Departs from the specification's rule, unless that is asked for:
// of e_g - 1, e_g and e_g + 1 the one is taken that makes the squared error of the group least.
// Bound: |w_i - ŵ_i| <= 2 · 2^e_g by the plain rule; a search leaves no group a larger squared error.
// Cost: two passes over the weights, five with the search.

import type { LevelsOperator, MatrixShape, OperatorNode } from "@pare/operators";
import { levelsOf } from "@pare/operators";
import {
  boolean,
  type Check,
  checkOptions,
  type Checks,
  encodeF8e8m0,
  type Tensor,
  tensor,
} from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { groupBounds, groupSizeOf } from "./groups.ts";
import { groupMagnitudes, type LevelGrid, operatorOnLevels } from "./level_grid.ts";
import { nearestLevel } from "./nearest_level.ts";

/** Options of {@linkcode mxfp4}. */
export interface Mxfp4Options {
  /**
   * Whether the exponents beside that of the specification's rule are tried too.
   *
   * @default {true}
   */
  searchScale?: boolean;
  /**
   * Whether the last group of a row may be shorter than the others; else 32 must divide the columns.
   *
   * @default {false}
   */
  partialGroups?: boolean;
}

/** One rule per option of {@linkcode mxfp4}. */
export const MXFP4_CHECKS: Checks<Mxfp4Options> = {
  searchScale: boolean(),
  partialGroups: boolean(),
} satisfies Record<keyof Mxfp4Options, Check>;

const ACTION = "Cannot quantize to MXFP4";

/** Weights that share a power of two. */
const GROUP_SIZE = 32;
/** Of exponents: f32 holds six times the power of two of the largest. */
const [LEAST, LARGEST] = [-127, 125];

/**
 * Quantizes a matrix to microscaling numbers of four bits; needs no calibration.
 *
 * @example What the format holds stays as it is
 * ```ts
 * import { mxfp4 } from "@pare/quantizers";
 * import { bitsPerWeight, toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const levels = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
 * const weight = tensor(Float32Array.from({ length: 32 }, (_, i) => 8 * levels[i % 8]), [1, 32]);
 * assertEquals(toDense(mxfp4(weight)), weight);
 * assertEquals(bitsPerWeight(mxfp4(weight)), 4.25);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options How scales are found.
 * @returns The codes and scales.
 * @throws {RangeError} If 32 does not divide the columns, or a weight is not finite.
 * @throws {TypeError} If an option is unknown.
 */
export function mxfp4(weight: Tensor, options: Mxfp4Options = {}): LevelsOperator {
  return operatorOnLevels(weight.data, fitMxfp4(weight, options));
}

/** Finds the scales of {@linkcode mxfp4}. */
export function fitMxfp4(weight: Tensor, options: Mxfp4Options): LevelGrid {
  const shape = matrixShapeOf(ACTION, weight);
  const { group, searchScale } = resolve(shape, options);
  const magnitudes = groupMagnitudes(ACTION, weight, group);
  const errorOf = squaredErrors();
  const exponents = Array.from(magnitudes.data, (magnitude, g) => {
    if (magnitude === 0) return LEAST;
    const plain = exponentOf(magnitude) - 2;
    const tried = searchScale ? [plain, plain + 1, plain - 1].map(within) : [within(plain)];
    const values = weight.data.subarray(...groupBounds(g, shape[1], group));
    const errors = tried.map((exponent) => errorOf(values, 2 ** exponent));
    return tried[errors.indexOf(Math.min(...errors))];
  });
  return {
    ...{ shape, kind: "e2m1", bits: 4, group, matrixScale: null },
    scales: tensor(Uint8Array.from(exponents, encodeF8e8m0), magnitudes.shape, "u8"),
    steps: Float32Array.from(exponents, (exponent) => 2 ** exponent),
  };
}

/**
 * Tells what {@linkcode mxfp4} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If 32 does not divide the columns.
 * @throws {TypeError} If an option is unknown.
 */
export function planMxfp4(shape: MatrixShape, options: Mxfp4Options = {}): OperatorNode {
  const { group: groupSize } = resolve(shape, options);
  const scaling = { groupSize, scaleDtype: "f8e8m0", matrixScale: false } as const;
  return { form: "levels", shape, kind: "e2m1", bits: 4, ...scaling };
}

function resolve([, cols]: MatrixShape, options: Mxfp4Options) {
  checkOptions(ACTION, options, MXFP4_CHECKS);
  const { searchScale = true, partialGroups = false } = options;
  return { searchScale, group: groupSizeOf(ACTION, cols, GROUP_SIZE, partialGroups) };
}

/** A function that sums the squares of what a step leaves of some numbers. */
function squaredErrors(): (values: Float32Array, step: number) => number {
  const levels = levelsOf("e2m1", 4).data;
  const nearest = nearestLevel("e2m1", 4);
  return (values, step) => {
    let sum = 0;
    for (const value of values) sum += (value - step * levels[nearest(value / step)]) ** 2;
    return sum;
  };
}

/** floor(log2 value), exactly. */
function exponentOf(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  if (2 ** exponent > value) return exponent - 1;
  return 2 ** (exponent + 1) <= value ? exponent + 1 : exponent;
}

function within(exponent: number): number {
  return Math.min(Math.max(exponent, LEAST), LARGEST);
}
