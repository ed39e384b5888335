// Allocation by inverse logarithms of the loss, within groups of matrices of one role.
//
// X. Wang et al., "SVD-LLM V2: Optimizing Singular Value Truncation for Large Language Model
// Compression", 2025, arXiv:2503.12340. With the uniform share ρ and for the matrices i of a group:
//
//   ℓ_i = sqrt(Σ_{j>k} σ_ij²) at the uniform rank      s_i = 1 / ln ℓ_i
//   r_i = |group| (1 - ρ) s_i / Σ s                    the share of its bytes that i gives up
//
// Departs from the paper, which leaves open what is done where ln ℓ is small or negative: a group
// with a loss below e is scaled so that its smallest loss is e, and a matrix that loses nothing
// counts as if it lost e; above, losses are taken as they are (they grow with the calibration text).
// A share is clipped to what the lowest rank gives up, and the rest of its group gives up the
// difference in the same proportions. Ranks are rounded down; then single ranks are taken off where
// they gain least per byte, should the lowest ranks break the budget, and put on where they gain
// most, at most one a matrix. Bound: within the budget. Cost: one pass over the ranks.

import type { Allocation, AllocationLayer } from "./allocation.ts";
import { uniformPlaces } from "./allocate_uniform.ts";
import { allocationAt, bytesAt, type Curve, curvesOf, placeAt } from "./curve.ts";

/**
 * Allocates ranks by SVD-LLM v2's rule: matrices of a role that lose more give up less.
 *
 * @example The second of two matrices loses more, and so keeps more
 * ```ts
 * import { allocateInverseLog } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * const costs = [20, 40, 60, 80];
 * const layer = { role: "q", costs, denseBytes: 100 };
 * const layers = [
 *   { ...layer, name: "a", energies: [900, 30, 20, 10, 0] },
 *   { ...layer, name: "b", energies: [900, 800, 700, 600, 500] },
 * ];
 * assertEquals(allocateInverseLog(layers, 100).layers.map(({ rank }) => rank), [1, 4]);
 * ```
 *
 * @param layers The matrices.
 * @param budget The bytes that they may take together.
 * @returns Their ranks.
 * @throws {RangeError} If the lowest ranks exceed the budget, or the budget all dense matrices.
 */
export function allocateInverseLog(layers: readonly AllocationLayer[], budget: number): Allocation {
  const curves = curvesOf(layers, budget);
  const target = 1 - budget / layers.reduce((sum, { denseBytes }) => sum + denseBytes, 0);
  const uniform = uniformPlaces(curves, budget);
  const places = curves.map(() => 0);
  for (const group of Map.groupBy(curves.keys(), (l) => layers[l].role).values()) {
    const removals = inverseLogRemovals(
      group.map((l) => Math.sqrt(curves[l].points[uniform[l]].lost)),
      target,
      group.map((l) => 1 - curves[l].points[0].byteLength / layers[l].denseBytes),
    );
    for (const [i, l] of group.entries()) places[l] = placeAt(curves[l], 1 - removals[i]);
  }
  return allocationAt(curves, fitted(curves, places, budget));
}

/**
 * The share that each matrix of a group gives up.
 *
 * @param losses ℓ_i.
 * @param target The mean share.
 * @param limits The most that each can give up.
 */
export function inverseLogRemovals(
  losses: readonly number[],
  target: number,
  limits: readonly number[],
): number[] {
  const smallest = losses.reduce((least, loss) => loss > 0 ? Math.min(least, loss) : least, Math.E);
  const scores = losses.map((loss) => 1 / Math.max(1, 1 + Math.log(loss / smallest)));
  return sharedOut(scores, target * losses.length, limits);
}

/** Shares `total` out in proportion to the scores, none above its limit. */
function sharedOut(scores: readonly number[], total: number, limits: readonly number[]): number[] {
  const shares = [...limits];
  let open = [...scores.keys()];
  let left = total;
  while (open.length > 0) {
    const sum = open.reduce((sum, i) => sum + scores[i], 0);
    const within = open.filter((i) => left * scores[i] / sum <= limits[i]);
    if (within.length === open.length) {
      for (const i of open) shares[i] = left * scores[i] / sum;
      break;
    }
    for (const i of open) {
      if (!within.includes(i)) left -= limits[i];
    }
    open = within;
  }
  return shares;
}

/** Places moved by single points until they fill the budget and keep to it. */
function fitted(curves: readonly Curve[], start: readonly number[], budget: number): number[] {
  const places = [...start];
  let left = budget - bytesAt(curves, places);
  while (left < 0) {
    const steps = places.flatMap((place, l) => place > 0 ? [stepFrom(curves, l, place - 1)] : []);
    const least = steps.reduce((a, b) => b.gainPerByte < a.gainPerByte ? b : a);
    places[least.l]--;
    left += least.byteLength;
  }
  const steps = places.flatMap((place, l) =>
    place + 1 < curves[l].points.length ? [stepFrom(curves, l, place)] : []
  );
  for (const { l, byteLength } of steps.sort((a, b) => b.gainPerByte - a.gainPerByte)) {
    if (byteLength > left) continue;
    places[l]++;
    left -= byteLength;
  }
  return places;
}

/** What the step of matrix `l` from a place to the next one takes and gains. */
function stepFrom(curves: readonly Curve[], l: number, place: number) {
  const { points, weight } = curves[l];
  const [from, to] = [points[place], points[place + 1]];
  const byteLength = to.byteLength - from.byteLength;
  return { l, byteLength, gainPerByte: weight * (from.lost - to.lost) / byteLength };
}
