// Activation-aware weight quantization (AWQ): columns whose inputs are large get a finer grid.
//
// J. Lin et al., "AWQ: Activation-aware Weight Quantization for On-Device LLM Compression and
// Acceleration", MLSys 2024, arXiv:2306.00978, section 3.2; clipping is that of its code. With the
// inputs X `[n, tokens]`, their Gram matrix G = X Xᵀ and a_j the mean |x_j|:
//
//   t_j = a_j^α / √(max a^α · min a^α)     α of 0, 1/20, … 19/20
//   Ŵ = RTN(W diag(t)) diag(1/t)           the α with the least ‖(Ŵ − W) X‖² = tr(E G Eᵀ)
//
// and then for each group g of W diag(t), among p = 1, 19/20, … 11/20 the one for which clamping the
// weights to ±p max |w| before rounding makes E_g G_gg E_gᵀ least, G_gg the group's block of G.
//
// Departs from the paper: the loss is that of the layer's own output, over all tokens and not a sample
// of them, and not of the block around it. 1/t is stored beside the codes, in f16, and multiplied with
// the inputs, and not folded into the layer before: 16 bits a column and a product an input, for which
// nothing has to be known of other layers, and layers that read one input need not share t. t is what
// the rounded 1/t says. a_j below 10^-4 of the largest count as that, so that t depends on no unit.
// Clipping is kept where it lowers the loss of the whole layer, as blocks of G do not say that.
// Guarantee: the loss is at most that of `rtn`, up to the roundings of f32 in which losses are
// compared. Cost: 20 roundings and products of m n², and 10 of m n g for clipping.

import { type Device, type DeviceArray, withDevice } from "@pare/linalg";
import {
  checkStatistics,
  type MatrixShape,
  type OperatorNode,
  scaled,
  type ScaledOperator,
  type Statistics,
} from "@pare/operators";
import {
  boolean,
  castTo,
  type Check,
  checkOptions,
  type Checks,
  ShapeError,
  type Tensor,
  tensor,
  toF32,
} from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { clipGroups } from "./clip_groups.ts";
import { layerLoss, uploadGram } from "./layer_loss.ts";
import { planRtn, rtn } from "./rtn.ts";
import { RTN_CHECKS, type RtnOptions } from "./rtn_options.ts";
import { encodeOnGrid, fitGrid, gridSettings, valuesOnGrid } from "./uniform_grid.ts";

/** Options of {@linkcode awq}: those of the grid, and whether to clip. */
export interface AwqOptions extends RtnOptions {
  /**
   * Whether the weights of a group are clamped as far as the layer's output gains by it.
   *
   * @default {true}
   */
  clip?: boolean;
}

/** One rule per option of {@linkcode awq}. */
export const AWQ_CHECKS: Checks<AwqOptions> = {
  ...RTN_CHECKS,
  clip: boolean(),
} satisfies Record<keyof AwqOptions, Check>;

/** How many α are tried. */
const STEPS = 20;

/** The least mean |x|, as a share of the largest. */
const FLOOR = 1e-4;

const ACTION = "Cannot quantize by activation-aware scales";

/** A matrix, its columns scaled so that their grids are as fine as their inputs ask for. */
interface ScaledColumns {
  /** c = 1 / t. */
  readonly scales: Tensor<"f16">;
  /** The same in f32. */
  readonly factors: Float32Array;
  /** W diag(1/c). */
  readonly weight: Tensor;
}

/**
 * Quantizes a matrix on grids that are finer for columns whose inputs are large.
 *
 * @example An input that is large
 * ```ts
 * import { awq, rtn } from "@pare/quantizers";
 * import { toDense } from "@pare/operators";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const weight = randomNormal([16, 8], { seed: 1 });
 * const sizes = Float64Array.of(30, 1, 1, 1, 1, 1, 1, 1);
 * const gram = tensor(new Float64Array(64), [8, 8]);
 * sizes.forEach((size, i) => gram.data[9 * i] = size ** 2);
 * const meanAbs = tensor(sizes, [8]);
 * const statistics = { tokens: 1, gram, meanAbs, maxAbs: meanAbs };
 * const options = { bits: 3, groupSize: 8 };
 *
 * const lossOf = (restored: Float32Array) =>
 *   restored.reduce((sum, w, i) => sum + (sizes[i % 8] * (w - weight.data[i])) ** 2, 0);
 * const found = lossOf(toDense(await awq(weight, statistics, options)).data);
 * assert(found < lossOf(toDense(rtn(weight, options)).data) / 3);
 * ```
 *
 * @param weight W, `[rows, cols]`.
 * @param statistics What calibration saw of the layer's inputs.
 * @param options Bits, groups and symmetry of the grid, whether to clip, and the device.
 * @returns The codes and scales, and a factor for each column.
 * @throws {RangeError} If an option is out of range or does not fit the shape, the statistics are of
 * another width, a weight is not finite, or a scale is too large for its dtype.
 * @throws {TypeError} If an option is unknown or there are no statistics.
 */
export async function awq(
  weight: Tensor,
  statistics: Statistics | null,
  options: AwqOptions & { device?: Device } = {},
): Promise<ScaledOperator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, AWQ_CHECKS);
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const { clip = true, ...grid } = rest;
  gridSettings(ACTION, [rows, cols], grid);
  const { gram, meanAbs } = checkStatistics(ACTION, [rows, cols], statistics);
  if (meanAbs.shape[0] !== cols) throw new ShapeError(ACTION, [cols], meanAbs.shape);
  return await withDevice(device, async (outer) => {
    using on = outer.scope();
    const loss = uploadGram(on, gram);
    const { scales, factors, weight: best } = await bestScales(on, weight, meanAbs, grid, loss);
    const clipped = clip ? await clipGroups(ACTION, on, best, factors, loss, grid) : best;
    return scaled(rtn(clipped, grid), { colScales: scales });
  });
}

/**
 * Tells what {@linkcode awq} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function planAwq(shape: MatrixShape, options: AwqOptions = {}): OperatorNode {
  checkOptions(ACTION, options, AWQ_CHECKS);
  const { clip: _, ...grid } = options;
  gridSettings(ACTION, shape, grid);
  return {
    form: "scaled",
    inner: planRtn(shape, grid),
    rowScaleDtype: null,
    colScaleDtype: "f16",
  };
}

/** The α whose grids lose least; the first of equals, so that 0 stays where nothing is gained. */
async function bestScales(
  device: Device,
  weight: Tensor,
  meanAbs: Tensor<"f64">,
  options: RtnOptions,
  gram: DeviceArray,
): Promise<ScaledColumns> {
  const [rows, cols] = weight.shape;
  const settings = gridSettings(ACTION, [rows, cols], options);
  let best = scaledBy(weight, meanAbs, 0);
  let least = Infinity;
  for (let step = 0; step < STEPS; step++) {
    const candidate = step === 0 ? best : scaledBy(weight, meanAbs, step / STEPS);
    const grid = fitGrid(ACTION, candidate.weight, settings);
    const values = valuesOnGrid(encodeOnGrid(candidate.weight.data, grid), grid);
    const found = await layerLoss(device, candidate.weight, values, candidate.factors, gram);
    if (found < least) [best, least] = [candidate, found];
  }
  return best;
}

function scaledBy(weight: Tensor, { data: meanAbs }: Tensor<"f64">, alpha: number): ScaledColumns {
  const { data, shape } = weight;
  const largest = meanAbs.reduce((max, value) => Math.max(max, value), 0);
  const sizes = meanAbs.map((value) => largest ? Math.max(value / largest, FLOOR) ** alpha : 1);
  const smallest = sizes.reduce((min, value) => Math.min(min, value), 1);
  // The largest is 1.
  const exact = Float32Array.from(sizes, (size) => Math.sqrt(smallest) / size);
  const scales = castTo(tensor(exact, [exact.length]), "f16");
  const factors = toF32(scales).data;
  const turned = new Float32Array(data.length);
  for (let i = 0; i < data.length;) {
    for (let j = 0; j < factors.length; j++, i++) turned[i] = data[i] / factors[j];
  }
  return { scales, factors, weight: tensor(turned, shape) };
}
