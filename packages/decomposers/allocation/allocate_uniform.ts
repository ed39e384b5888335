// Uniform allocation: every matrix keeps the same share of its bytes.
//
//   ρ = budget / Σ_l dense_l      k_l = the largest k with cost_l(k) <= ρ · dense_l, at least 1
//
// The protocol that low-rank methods are compared by. For two factors in the dtype of the matrix
// this is k = ⌊ρ m n / (m + n)⌋. Where matrices so small that rank 1 exceeds their share would break
// the budget, ρ is the largest that keeps to it. Bound: less loss for a larger budget. Cost: one
// pass over the ranks.

import type { Allocation, AllocationLayer } from "./allocation.ts";
import { allocationAt, bytesAt, type Curve, curvesOf, placeAt } from "./curve.ts";

/**
 * Allocates ranks so that every matrix keeps the same share of its bytes.
 *
 * @example Half of two matrices
 * ```ts
 * import { allocateUniform } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = { role: "q", energies: [9, 4, 1, 0], costs: [16, 32, 48, 64], denseBytes: 64 };
 * const layers = [{ ...layer, name: "a" }, { ...layer, name: "b" }];
 * assertEquals(allocateUniform(layers, 64).layers.map(({ rank }) => rank), [2, 2]);
 * ```
 *
 * @param layers The matrices.
 * @param budget The bytes that they may take together.
 * @returns Their ranks.
 * @throws {RangeError} If the lowest ranks exceed the budget, or the budget all dense matrices.
 */
export function allocateUniform(layers: readonly AllocationLayer[], budget: number): Allocation {
  const curves = curvesOf(layers, budget);
  return allocationAt(curves, uniformPlaces(curves, budget));
}

/** The place of each matrix on its curve. */
export function uniformPlaces(curves: readonly Curve[], budget: number): readonly number[] {
  const keep = budget / curves.reduce((sum, { layer }) => sum + layer.denseBytes, 0);
  const placesAt = (share: number) => curves.map((curve) => placeAt(curve, share));
  const places = placesAt(keep);
  if (bytesAt(curves, places) <= budget) return places;
  const shares = curves
    .flatMap(({ layer, points }) => points.map(({ byteLength }) => byteLength / layer.denseBytes))
    .filter((share) => share < keep)
    .sort((a, b) => a - b);
  // The share at `low` keeps to the budget; below all shares stand the first points, which do.
  let low = -1;
  let high = shares.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (bytesAt(curves, placesAt(shares[middle])) <= budget) low = middle;
    else high = middle;
  }
  return placesAt(low < 0 ? 0 : shares[low]);
}
