// Half-quadratic quantization (HQQ): zero points that make a robust norm of the errors small.
//
// H. Badri and A. Shaji, "Half-Quadratic Quantization of Large Machine Learning Models", 2023
// (mobiusml.github.io/hqq_blog). For each group of neighbours in a row, with codes of b bits, a scale
// s that stays, and a fractional zero point z that is sought:
//
//   s = (max w - min w) / (2^b - 1)    z = -min w / s
//   repeat   q_i = clamp(round(w_i / s + z), 0, 2^b - 1)    r_i = s (q_i - z)
//            e_i = shrink(w_i - r_i)                        z = mean(q_i - (w_i - e_i) / s)
//            beta = 1.01 beta
//   shrink(d) = sign(d) max(|d| - |d|^(p-1) / beta, 0)
//
// until the mean |w - r| over all weights no longer falls; the z that made it least is kept. e is what a
// group is not asked to fit, the outliers: shrink() is 0 up to |d|^(2-p) = 1 / beta, and all it knows of
// is the size of weights as it is, so that z is refitted by plain means where they are small.
// Departs from the original: s is rounded to its stored dtype before anything is made of it, and z
// wherever an error is measured, so that what is compared is what is stored. A range is never cut off:
// small weights keep their own scale. A group whose zero point does not fit its dtype, as its weights
// are all alike, is stored as its middle m: s = |m|, q = 0, z = -sign(m).
// Guarantee: the mean |w - ŵ| is at most that of the first z. Cost: 20 passes over the weights at most.

import { affine, type AffineOperator, type MatrixShape, type OperatorNode } from "@pare/operators";
import {
  boolean,
  castTo,
  type Check,
  checkOptions,
  type Checks,
  integer,
  number,
  oneOf,
  type Tensor,
  tensor,
  toF32,
} from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { checkScales, extremesOf, groupBounds, groupSizeOf } from "./groups.ts";
import { codeOf, stepZeroPoint } from "./half_quadratic.ts";

/** Options of {@linkcode hqq}. */
export interface HqqOptions {
  /**
   * The bits of one code, 1 to 8.
   *
   * @default {4}
   */
  bits?: number;
  /**
   * How many neighbours of a row make a group. The method's authors take 64 for 4 bits, 32 for 3 bits,
   * and 16 to 32 for 2 bits.
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
   * p, the exponent of the norm: the lower, the less outliers count.
   *
   * @default {0.7}
   */
  p?: number;
  /**
   * β of the first step: the higher, the smaller an error that counts as an outlier's.
   *
   * @default {10}
   */
  beta?: number;
  /**
   * The most steps; 0 leaves the zero points as they are at first.
   *
   * @default {20}
   */
  iterations?: number;
  /**
   * The dtype that scales and zero points are stored in.
   *
   * @default {"f16"}
   */
  scaleDtype?: "f16" | "f32";
}

/** One rule per option of {@linkcode hqq}. */
export const HQQ_CHECKS: Checks<HqqOptions> = {
  bits: integer(1, 8),
  groupSize: integer(1),
  partialGroups: boolean(),
  p: number(0, 1),
  beta: number(Number.MIN_VALUE, 1e30),
  iterations: integer(0, 1000),
  scaleDtype: oneOf("f16", "f32"),
} satisfies Record<keyof HqqOptions, Check>;

const ACTION = "Cannot quantize half-quadratically";

/** What β grows by in each step. */
const GROWTH = 1.01;

/**
 * Quantizes a matrix by scales of its groups' ranges, and zero points that make a robust norm of the
 * errors small; needs no calibration.
 *
 * @example A fractional zero point fits better than a whole one
 * ```ts
 * import { hqq, rtn } from "@pare/quantizers";
 * import { toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const weight = randomNormal([16, 256], { seed: 1 });
 * const errorOf = (restored: Float32Array) =>
 *   weight.data.reduce((sum, value, i) => sum + Math.abs(value - restored[i]), 0);
 * const [fitted, rounded] = [hqq(weight), rtn(weight)];
 * assert(errorOf(toDense(fitted).data) < errorOf(toDense(rounded).data));
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options Bits, groups, and the norm.
 * @returns The codes, scales and zero points.
 * @throws {RangeError} If an option is out of range, the group size does not divide the columns,
 * a weight is not finite, or a scale is too large for its dtype.
 * @throws {TypeError} If an option is unknown.
 */
export function hqq(weight: Tensor, options: HqqOptions = {}): AffineOperator {
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const { bits, size, scaleDtype, p, beta, iterations } = resolve([rows, cols], options);
  const groups: Groups = { data: weight.data, cols, size, levels: 2 ** bits - 1 };
  const shape = [rows, Math.ceil(cols / size)];
  const first = firstFit(groups, shape, scaleDtype);
  const best = refine(groups, first, { p, beta, iterations, scaleDtype });
  const [scales, zeroPoints] = [first.scales, best].map((values) =>
    castTo(tensor(values, shape), scaleDtype)
  );
  const codes = tensor(codesOf(groups, first.scales, best), [rows, cols], "u8");
  return affine({ bits, groupSize: size, codes, scales, zeroPoints });
}

/**
 * Tells what {@linkcode hqq} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function planHqq(shape: MatrixShape, options: HqqOptions = {}): OperatorNode {
  const { bits, size, scaleDtype } = resolve(shape, options);
  const dtypes = { scaleDtype, zeroPointDtype: scaleDtype };
  return { form: "affine", shape, bits, groupSize: size, ...dtypes };
}

function resolve([, cols]: MatrixShape, options: HqqOptions) {
  checkOptions(ACTION, options, HQQ_CHECKS);
  const { bits = 4, groupSize = 64, partialGroups = false, p = 0.7, beta = 10 } = options;
  const { iterations = 20, scaleDtype = "f16" } = options;
  const size = groupSizeOf(ACTION, cols, groupSize, partialGroups);
  return { bits, size, p, beta, iterations, scaleDtype };
}

/** The weights, row after row, in groups of `size`. */
interface Groups {
  readonly data: Float32Array;
  readonly cols: number;
  readonly size: number;
  /** 2^bits - 1. */
  readonly levels: number;
}

/** A scale and a zero point for each group, as they are stored. */
interface Fit {
  readonly scales: Float32Array<ArrayBuffer>;
  readonly zeroPoints: Float32Array<ArrayBuffer>;
}

/** The grids from the least to the greatest weight of each group. */
function firstFit(groups: Groups, shape: readonly number[], dtype: "f16" | "f32"): Fit {
  const { data, cols, size, levels } = groups;
  const count = shape[0] * shape[1];
  const ranges = new Float64Array(2 * count);
  for (let g = 0; g < count; g++) {
    ranges.set(extremesOf(ACTION, data, ...groupBounds(g, cols, size)), 2 * g);
  }
  const scales = rounded(
    Float32Array.from({ length: count }, (_, g) => {
      return (ranges[2 * g + 1] - ranges[2 * g]) / levels;
    }),
    dtype,
  );
  const zeroPoints = rounded(scales.map((s, g) => s && -ranges[2 * g] / s), dtype);
  const middles = rounded(scales.map((_, g) => (ranges[2 * g] + ranges[2 * g + 1]) / 2), dtype);
  for (let g = 0; g < count; g++) {
    if (scales[g] > 0 && Number.isFinite(zeroPoints[g])) continue;
    scales[g] = Math.abs(middles[g]);
    zeroPoints[g] = -Math.sign(middles[g]);
  }
  checkScales(ACTION, scales, dtype);
  return { scales, zeroPoints };
}

/** Takes the steps; returns the zero points of the least mean error. */
function refine(
  { data, cols, size, levels }: Groups,
  { scales, zeroPoints }: Fit,
  options: Required<Pick<HqqOptions, "p" | "beta" | "iterations" | "scaleDtype">>,
): Float32Array<ArrayBuffer> {
  const { p, iterations, scaleDtype } = options;
  let { beta } = options;
  let best = zeroPoints;
  let least = Infinity;
  let current = zeroPoints;
  // The last step has only its error measured.
  for (let step = 0; step <= iterations; step++) {
    const next = new Float32Array(current.length);
    let error = 0;
    for (let g = 0; g < current.length; g++) {
      const weights = data.subarray(...groupBounds(g, cols, size));
      const [sum, z] = stepZeroPoint(weights, scales[g], current[g], levels, { p, beta });
      error += sum;
      next[g] = z;
    }
    if (!(error < least)) break;
    [best, least] = [current, error];
    const stored = rounded(next, scaleDtype);
    // A zero point at the end of its dtype stays where it is.
    current = stored.map((z, g) => Number.isFinite(z) ? z : current[g]);
    beta *= GROWTH;
  }
  return best;
}

/** The codes of all weights. */
function codesOf(
  { data, cols, size, levels }: Groups,
  scales: Float32Array,
  zeroPoints: Float32Array,
): Uint8Array<ArrayBuffer> {
  const codes = new Uint8Array(data.length);
  for (let g = 0; g < scales.length; g++) {
    const [s, z] = [scales[g], zeroPoints[g]];
    const inverse = s > 0 ? 1 / s : 0;
    const [start, end] = groupBounds(g, cols, size);
    for (let i = start; i < end; i++) {
      codes[i] = codeOf(data[i], inverse, z, levels);
    }
  }
  return codes;
}

/** The numbers as `dtype` holds them. */
function rounded(values: Float32Array<ArrayBuffer>, dtype: "f16" | "f32") {
  return toF32(castTo(tensor(values, [values.length]), dtype)).data.slice();
}
