// E8P: every eight neighbours of a row to the nearest of 65,536 points of the lattice E8.
//
// A. Tseng et al., "QuIP#: Even Better LLM Quantization with Hadamard Incoherence and Lattice
// Codebooks", ICML 2024, arXiv:2402.04396, sections 4.2 and 4.3. With σ the root mean square of a row, or
// of the matrix, and E8P(x) the nearest codeword:
//
//   2 bits   ŵ = (σ / s) c              c = E8P((s / σ) w)
//   3 bits   ŵ = (σ / s) (c + r / ρ)    r the nearest to ρ ((s / σ) w − c) of 256 points of E8
//   4 bits   the same                   r = E8P(ρ ((s / σ) w − c))
//
// Departs from the paper: for 4 bits s = 0.9 and ρ = 3.7, not 1.03 and 3.45, for 13 % less error; for
// both 3 and 4 bits c is the nearest point that has v + 1/4 or the nearest that has v − 1/4, whichever
// leaves less in the end, for 6 % less at 4 bits; the rounding is by the scale as it is stored. A row of
// zeros has σ = 0 and restores zeros; columns that are missing in the last block are zeros to the search.
// Error on normal numbers, as a share of σ²: 0.0913, 0.0294 and 0.0079. Bound: E8 covers space by balls
// of radius 1, so that within the codebook ‖ŵ − w‖ <= σ / s for each eight weights, and no more than
// σ / (s ρ) for 4 bits. Cost: a sort of eight numbers and 36 sums for each shift, see `nearestLattice`.

import type { Device } from "@pare/linalg";
import type { LatticeOperator } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { beginE8p } from "./e8p_columns.ts";
import type { E8pOptions } from "./e8p_options.ts";
import { roundAtOnce } from "./round_at_once.ts";

/**
 * Quantizes a matrix to points of the lattice E8, in 2, 3 or 4 bits a weight.
 *
 * Made for weights that are like normal numbers, as they are in a random basis; see `incoherence`.
 *
 * @example Two bits a weight
 * ```ts
 * import { e8p } from "@pare/quantizers";
 * import { byteLengthOf, toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const weight = randomNormal([64, 128], { seed: 1 });
 * const operator = await e8p(weight);
 * assertEquals(byteLengthOf(operator), 64 * 128 / 4 + 4);
 * const restored = toDense(operator).data;
 * const squares = weight.data.reduce((sum, w, i) => sum + (w - restored[i]) ** 2, 0);
 * assert(squares / weight.data.length < 0.1);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param options Bits and scales, and the device; a WebAssembly device made for the call by default.
 * @returns The codes and scales.
 * @throws {RangeError} If an option is out of range, a weight is not finite, or a scale is too large for
 * its dtype.
 * @throws {TypeError} If an option is unknown.
 */
export async function e8p(
  weight: Tensor,
  options: E8pOptions & { device?: Device } = {},
): Promise<LatticeOperator> {
  const { device, ...rest } = options;
  return await roundAtOnce(weight, device, (scope) => beginE8p(weight, rest, scope));
}
