// Trellis-coded quantization (TCQ): a column of weights is a walk through a trellis, each step of which
// takes a few bits and stands for a number.
//
// A. Tseng, Q. Sun, D. Hou and C. De Sa, "QTIP: Quantization with Trellises and Incoherence Processing",
// NeurIPS 2024, arXiv:2406.11235, section 3; M. W. Marcellin and T. R. Fischer, "Trellis coded
// quantization of memoryless and Gauss-Markov sources", IEEE Trans. Commun. 38, 1990. With σ the root
// mean square of a row, or of the matrix, v the value of a state, and s_1, s_2, … the states of a walk, of
// which each has all bits but the K highest of the one after it, and K bits of its own:
//
//   ŵ_i = (σ / s) v(s_i),   s_1, s_2, … = argmin Σ (s w_i / σ − v(s_i))²
//
// The trellis, its values and the walk are in linalg: trellis/trellis_code.ts, reference/trellis_walk.ts.
// Departs from the paper: a tile is up to 256 weights of one column, not 16 of each of 16, so that error
// feedback goes from column to column and every weight of a tile counts alike by any Hessian: the nearest
// walk is the cheapest one (docs/decisions/0018-trellis-tiles-follow-columns.md). Of matrices with fewer
// than 121 rows it is of several columns. Values are of two hashes of 16 bits, not of one of 32; s is
// searched on a sample, from where normal numbers lose least, near 1, see trellis_scale.ts.
// Error on normal numbers, as a share of σ², for 1 to 4 bits: with 12 state bits 0.272, 0.0727, 0.0189
// and 0.0050, with 16 it is 0.069, 0.0177 and 0.0045 for 2 to 4 bits; no code has less than 2^(−2 K).
// Bound: by no other walk that begins and ends in the same overlap is the error of a tile less, but for the
// rounding of targets to half a level, σ / (418 s), for more than two bits σ / (295 s). Cost: 2^L steps for each weight, twice.

import type { Device } from "@pare/linalg";
import type { TrellisOperator } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { roundAtOnce } from "./round_at_once.ts";
import { beginTrellis } from "./trellis_columns.ts";
import type { TrellisOptions } from "./trellis_options.ts";

/**
 * Quantizes a matrix by walks through a trellis, in 1 to 4 bits a weight.
 *
 * Made for weights that are like normal numbers, as they are in a random basis; see `incoherence`.
 *
 * @example Two bits a weight
 * ```ts
 * import { trellis } from "@pare/quantizers";
 * import { byteLengthOf, toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const weight = randomNormal([128, 16], { seed: 1 });
 * const operator = await trellis(weight);
 * assertEquals(byteLengthOf(operator), 128 * 16 / 4 + 4);
 * const restored = toDense(operator).data;
 * const squares = weight.data.reduce((sum, w, i) => sum + (w - restored[i]) ** 2, 0);
 * assert(squares / weight.data.length < 0.08);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options Bits and scales, and the device; a WebAssembly device made for the call by default.
 * @returns The codes and scales.
 * @throws {RangeError} If an option is out of range, a weight is not finite, or a scale is too large for
 * its dtype.
 * @throws {TypeError} If an option is unknown.
 */
export async function trellis(
  weight: Tensor,
  options: TrellisOptions & { device?: Device } = {},
): Promise<TrellisOperator> {
  const { device, ...rest } = options;
  return await roundAtOnce(weight, device, (scope) => beginTrellis(weight, rest, scope));
}
