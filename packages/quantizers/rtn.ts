// Round-to-nearest (RTN): every weight to the nearest level of a uniform grid.
//
// T. Dettmers et al., "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", 2022,
// arXiv:2208.07339, section 2.1; the grids are those of GPTQ (arXiv:2210.17323). For each group g
// of neighbours in a row, with codes of b bits:
//
//   asymmetric   lo = min(0, min w_i)   hi = max(0, max w_i)
//                s_g = (hi - lo) / (2^b - 1)      z_g = round(-lo / s_g)
//   symmetric    s_g = 2 max |w_i| / (2^b - 1)    z_g = 2^(b-1)
//   q_i = clamp(round(w_i / s_g) + z_g, 0, 2^b - 1)     ŵ_i = s_g (q_i - z_g)
//
// round() goes to even. The scale is rounded to its stored dtype first, and the codes are made
// with the rounded scale. Departs from GPTQ: a group of zeros has s_g = 0 instead of the range
// (-1, 1), and restores zeros all the same.
// Bound: |w_i - ŵ_i| <= s_g / 2 + (2^b - 1) max(u s_g, t / 2), u the unit roundoff of the scales'
// dtype and t its least positive number: a group of weights below t is restored as zeros.
// Cost: two passes over the weights.

import { affine, type AffineOperator, type MatrixShape, type OperatorNode } from "@pare/operators";
import {
  boolean,
  castTo,
  type Check,
  checkOptions,
  type Checks,
  integer,
  oneOf,
  roundHalfEven,
  ShapeError,
  type Tensor,
  tensor,
  toF32,
} from "@pare/tensor";
import { checkScales, clampCode, extremesOf, groupBounds, groupSizeOf } from "./groups.ts";

/** Options of {@linkcode rtn}. */
export interface RtnOptions {
  /**
   * The bits of one code, 1 to 8; 1 bit cannot be symmetric.
   *
   * @default {4}
   */
  bits?: number;
  /**
   * Which weights share a scale: a group of neighbours in a row, a row, or the whole matrix.
   *
   * @default {"group"}
   */
  granularity?: "group" | "row" | "tensor";
  /**
   * How many neighbours of a row make a group; only with granularity `group`.
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
   * Whether the grid is symmetric around zero, which saves the zero points.
   *
   * @default {false}
   */
  symmetric?: boolean;
  /**
   * The dtype that scales are stored in.
   *
   * @default {"f16"}
   */
  scaleDtype?: "f16" | "f32";
}

/** One rule per option of {@linkcode rtn}. */
export const RTN_CHECKS: Checks<RtnOptions> = {
  bits: integer(1, 8),
  granularity: oneOf("group", "row", "tensor"),
  groupSize: integer(1),
  partialGroups: boolean(),
  symmetric: boolean(),
  scaleDtype: oneOf("f16", "f32"),
} satisfies Record<keyof RtnOptions, Check>;

const ACTION = "Cannot quantize by rounding to nearest";

/**
 * Quantizes a matrix by rounding every weight to the nearest level of its group's grid.
 *
 * @example 4 bits in groups of 32
 * ```ts
 * import { rtn } from "@pare/quantizers";
 * import { bitsPerWeight } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const operator = rtn(randomNormal([8, 64], { seed: 1 }), { bits: 4, groupSize: 32 });
 * assertEquals(bitsPerWeight(operator), 4 + (16 + 4) / 32);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options Bits, groups and symmetry.
 * @returns The codes, scales and zero points.
 * @throws {RangeError} If an option is out of range, the group size does not divide the columns,
 * a weight is not finite, or a scale is too large for its dtype.
 * @throws {TypeError} If an option is unknown.
 */
export function rtn(weight: Tensor, options: RtnOptions = {}): AffineOperator {
  if (weight.shape.length !== 2) throw new ShapeError(ACTION, [-1, -1], weight.shape);
  const [rows, cols] = weight.shape;
  const { bits, symmetric, scaleDtype, group, perTensor } = resolve([rows, cols], options);
  const levels = 2 ** bits - 1;
  const middle = 2 ** (bits - 1);
  // The whole matrix is a group of one long row.
  const [width, size] = perTensor ? [rows * cols, rows * cols] : [cols, group];
  const scaleShape = [rows * cols / width, Math.ceil(width / size)];
  const count = scaleShape[0] * scaleShape[1];
  const lows = new Float32Array(count);
  const exact = new Float32Array(count);
  for (let g = 0; g < count; g++) {
    const [least, greatest] = extremesOf(ACTION, weight.data, ...groupBounds(g, width, size));
    const [lo, hi] = [Math.min(0, least), Math.max(0, greatest)];
    lows[g] = lo;
    exact[g] = (symmetric ? 2 * Math.max(-lo, hi) : hi - lo) / levels;
  }
  const scales = castTo(tensor(exact, scaleShape), scaleDtype);
  const steps = toF32(scales).data;
  checkScales(ACTION, steps, scaleDtype);
  const zeroPoints = Uint8Array.from(
    lows,
    (lo, g) => symmetric ? middle : steps[g] ? clampCode(roundHalfEven(-lo / steps[g]), levels) : 0,
  );
  const codes = new Uint8Array(rows * cols);
  for (let g = 0; g < count; g++) {
    const step = steps[g];
    const zeroPoint = zeroPoints[g];
    const [start, end] = groupBounds(g, width, size);
    for (let i = start; i < end; i++) {
      const level = step ? roundHalfEven(weight.data[i] / step) : 0;
      codes[i] = clampCode(level + zeroPoint, levels);
    }
  }
  return affine({
    bits,
    groupSize: perTensor ? null : group,
    codes: tensor(codes, [rows, cols], "u8"),
    scales,
    zeroPoints: symmetric ? null : tensor(zeroPoints, scaleShape, "u8"),
  });
}

/**
 * Tells what {@linkcode rtn} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function planRtn(shape: MatrixShape, options: RtnOptions = {}): OperatorNode {
  const { bits, symmetric, scaleDtype, group, perTensor } = resolve(shape, options);
  return {
    form: "affine",
    shape,
    bits,
    groupSize: perTensor ? null : group,
    scaleDtype,
    zeroPointDtype: symmetric ? null : "u8",
  };
}

function resolve([, cols]: MatrixShape, options: RtnOptions) {
  checkOptions(ACTION, options, RTN_CHECKS);
  const { bits = 4, granularity = "group", groupSize = 64, symmetric = false } = options;
  const { partialGroups = false, scaleDtype = "f16" } = options;
  if (bits === 1 && symmetric) {
    throw new RangeError(
      `${ACTION} as bits must be an integer from 2 to 8 for a symmetric grid: current value is 1`,
    );
  }
  const group = granularity === "group"
    ? groupSizeOf(ACTION, cols, groupSize, partialGroups)
    : cols;
  return { bits, symmetric, scaleDtype, group, perTensor: granularity === "tensor" };
}
