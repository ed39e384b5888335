// GPTQ: columns rounded to uniform grids one after the other, each making up for the errors of those
// before it.
//
// E. Frantar, S. Ashkboos, T. Hoefler and D. Alistarh, "GPTQ: Accurate Post-Training Quantization for
// Generative Pre-trained Transformers", 2022, arXiv:2210.17323; order by activation and static groups
// from its published code. In the form of LDLQ (feedback_rounding.ts), whose codes it shares when columns
// are counted backwards: by H = L D Lᵀ alone, where the paper factorizes H, inverts it and factorizes
// the inverse. The grids are those of `rtn`.
//
//   order        ascending        from the first column to the last
//                activation       by descending h_ii
//                group-aware      by descending h_ii inside of groups, groups by their largest h_ii
//                                 (GPTQModel): as good a start, and groups stay together
//   groups       static           grids are fitted to the weights before any is rounded
//                dynamic          to what a group's weights should be just before its first is rounded
//
// A weight whose input was never anything but zero becomes zero. Groups are dynamic in the order of
// activation by being formed of columns in that order; which columns these are is then stored.
// Departs from the paper: a group in the middle of a panel is fitted to its columns as they are, not as
// they were when the panel began; scales are rounded to their stored dtype first, as `rtn` does. Unless
// told otherwise it takes what makes the loss smaller at no cost in bytes: group-aware order, ranges
// that are clipped, and two passes of refinement.
// Bound: that of the nearest level, on U. Cost: n³ / 3 for L and D, then m n² / 2.

import type { Device } from "@pare/linalg";
import { type MatrixShape, type Operator, type OperatorNode, permuted } from "@pare/operators";
import { type Check, checkOptions, type Checks, oneOf, type Tensor, tensor } from "@pare/tensor";
import { checkGram, type GramSource } from "./check_gram.ts";
import { gatherBoth, gatherColumns } from "./gather_columns.ts";
import { checkFinite, matrixShapeOf } from "./check_weight.ts";
import {
  activationOrder,
  ascendingOrder,
  type ChannelEnergy,
  type ColumnOrder,
  groupAwareOrder,
} from "./column_order.ts";
import {
  FEEDBACK_CHECKS,
  type FeedbackContext,
  type FeedbackOptions,
  quantizeWithFeedback,
} from "./feedback_options.ts";
import { planRtn } from "./rtn.ts";
import { RTN_CHECKS, type RtnOptions } from "./rtn_options.ts";
import { fitGrid, type GridSettings, gridSettings } from "./uniform_grid.ts";
import { roundToFittedGrids, roundToGrid } from "./uniform_rounding.ts";

/** Options of {@linkcode gptq}. */
export interface GptqOptions extends RtnOptions, FeedbackOptions {
  /**
   * Whether to shrink the range of each group as long as that makes up for the weights cut off.
   *
   * @default {true}
   */
  clip?: boolean;
  /**
   * Which columns are rounded first: the first ones, those whose channels have the most energy, or the
   * same inside of groups.
   *
   * @default {"group-aware"}
   */
  order?: "ascending" | "activation" | "group-aware";
  /**
   * Whether the grid of a group is fitted before any weight is rounded, or when the first of its own is
   * due; one grid for the whole matrix is static. With the order by activation, dynamic groups store
   * that order too. By default they are dynamic, but in the order by activation and for a whole matrix.
   */
  groups?: "static" | "dynamic";
}

/** One rule per option of {@linkcode gptq}. */
export const GPTQ_CHECKS: Checks<GptqOptions> = {
  ...RTN_CHECKS,
  order: oneOf("ascending", "activation", "group-aware"),
  groups: oneOf("static", "dynamic"),
  ...FEEDBACK_CHECKS,
} satisfies Record<keyof GptqOptions, Check>;

const ACTION = "Cannot quantize by GPTQ";

/**
 * Quantizes a matrix to uniform grids, column by column, each of which makes up for the errors of those
 * before it as far as the inputs correlate.
 *
 * @example Less is lost of what the layer puts out
 * ```ts
 * import { gptq, rtn } from "@pare/quantizers";
 * import { toDense } from "@pare/operators";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const weight = randomNormal([16, 64], { seed: 1 });
 * // Inputs that correlate: 1 on the diagonal, 0.9 beside it.
 * const gram = tensor(Float64Array.from({ length: 64 * 64 }, (_, i) => {
 *   return 0.9 ** Math.abs(Math.floor(i / 64) - i % 64);
 * }), [64, 64]);
 * const lossOf = (restored: Float32Array) => {
 *   const e = weight.data.map((value, i) => value - restored[i]);
 *   return e.reduce((sum, value, at) => {
 *     const [row, j] = [Math.floor(at / 64), at % 64];
 *     for (let k = 0; k < 64; k++) sum += value * gram.data[j * 64 + k] * e[row * 64 + k];
 *     return sum;
 *   }, 0);
 * };
 * const options = { bits: 3, groupSize: 32 };
 * const rounded = lossOf(toDense(rtn(weight, options)).data);
 * const fed = lossOf(toDense(await gptq(weight, gram, options)).data);
 * assert(fed < rounded / 2);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param statistics What calibration saw at the layer's input, or its Gram matrix Σ x xᵀ alone.
 * @param options Bits and groups, order, damping and refinement; the device.
 * @returns The codes, scales and zero points, and the order of columns where that must be known.
 * @throws {RangeError} If an option is out of range or does not fit the shape or another one, the Gram
 * matrix is of another width or not positive semidefinite, a weight is not finite, or a scale is too
 * large for its dtype.
 * @throws {TypeError} If an option is unknown, or there are no statistics.
 */
export async function gptq(
  weight: Tensor,
  statistics: GramSource | null,
  options: GptqOptions & FeedbackContext = {},
): Promise<Operator> {
  const { device, onDamping, ...rest } = options;
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const { grid, isDynamic, isStoredOrder, order, feedback } = resolve([rows, cols], rest);
  const gram = checkGram(ACTION, cols, statistics);
  const energy: ChannelEnergy = (column) => gram.data[column * (cols + 1)];
  const alive = withoutDeadColumns(weight, energy);
  const context: FeedbackContext = { device, onDamping };
  const quantize = (weight: Tensor, gram: Tensor<"f64">, order: ColumnOrder) => {
    const begin = (device: Device) => {
      if (!isDynamic) return roundToGrid(device, fitGrid(ACTION, weight, grid));
      checkFinite(ACTION, weight.data);
      return roundToFittedGrids(ACTION, device, [rows, cols], grid);
    };
    const problem = { weight, gram, order, begin, blockSize: 1, isMetric: false };
    return quantizeWithFeedback(problem, feedback, context);
  };
  if (!isStoredOrder) return await quantize(alive, gram, ORDERS[order](cols, grid, energy));
  // Sorted before, groups are neighbours; all is as if the columns had come in that order.
  const sorted = ORDERS.activation(cols, grid, energy).toReversed();
  const place = new Uint32Array(cols);
  sorted.forEach((column, i) => place[column] = i);
  const operator = await quantize(
    gatherColumns(alive, sorted),
    gatherBoth(gram, sorted),
    ORDERS.ascending(cols, grid, energy),
  );
  return permuted(operator, { colOrder: tensor(place, [cols], "u32") });
}

/**
 * Tells what {@linkcode gptq} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape or another one.
 * @throws {TypeError} If an option is unknown.
 */
export function planGptq(shape: MatrixShape, options: GptqOptions = {}): OperatorNode {
  const { isStoredOrder, rtn } = resolve(shape, options);
  const inner = planRtn(shape, rtn);
  return isStoredOrder ? { form: "permuted", inner, rowOrder: false, colOrder: true } : inner;
}

function resolve(shape: MatrixShape, options: GptqOptions) {
  checkOptions(ACTION, options, GPTQ_CHECKS);
  const { order = "group-aware", groups, damping, refinements, panel, ...grids } = options;
  const rtn: RtnOptions = { clip: true, ...grids };
  const grid = gridSettings(ACTION, shape, rtn);
  if (grid.perTensor && groups === "dynamic") {
    throw new RangeError(
      `${ACTION} as groups must be "static" with granularity "tensor": current value is dynamic`,
    );
  }
  const isDynamic = groups ? groups === "dynamic" : !grid.perTensor && order !== "activation";
  // Groups of a whole row are the same whatever the order.
  const isStoredOrder = isDynamic && order === "activation" && grid.group < shape[1];
  const feedback: FeedbackOptions = { damping, refinements, panel };
  return { order, grid, isDynamic, isStoredOrder, rtn, feedback };
}

const ORDERS: Readonly<
  Record<
    NonNullable<GptqOptions["order"]>,
    (cols: number, grid: GridSettings, energy: ChannelEnergy) => ColumnOrder
  >
> = {
  ascending: (cols) => ascendingOrder(cols, 1),
  activation: (cols, _grid, energy) => activationOrder(cols, 1, energy),
  "group-aware": (cols, { group }, energy) => groupAwareOrder(cols, group, energy),
};

/** The weights, those of inputs that were never anything but zero being zeros. */
function withoutDeadColumns(weight: Tensor, energy: ChannelEnergy): Tensor {
  const [, cols] = weight.shape;
  const isDead = Uint8Array.from({ length: cols }, (_, column) => energy(column) > 0 ? 0 : 1);
  if (!isDead.includes(1)) return weight;
  return { ...weight, data: weight.data.map((value, i) => isDead[i % cols] ? 0 : value) };
}
