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

import type { AffineOperator, MatrixShape, OperatorNode } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import type { RtnOptions } from "./rtn_options.ts";
import { encodeOnGrid, fitGrid, gridSettings, operatorOnGrid } from "./uniform_grid.ts";

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
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const grid = fitGrid(ACTION, weight, gridSettings(ACTION, [rows, cols], options));
  return operatorOnGrid(encodeOnGrid(weight.data, grid), grid);
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
  const { bits, symmetric, scaleDtype, group, perTensor } = gridSettings(ACTION, shape, options);
  return {
    form: "affine",
    shape,
    bits,
    groupSize: perTensor ? null : group,
    scaleDtype,
    zeroPointDtype: symmetric ? null : "u8",
  };
}
