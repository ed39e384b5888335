// Greedy allocation: the bytes of a budget go where each of them gains most.
//
//   maximize Σ_l w_l Σ_{i<=k_l} σ_{l,i}²    subject to Σ_l cost_l(k_l) <= budget
//
// Whitened singular values tell what every rank of every matrix gains, so this is a knapsack with
// one choice per matrix: a rank from 1 up, or dense, which gains all. From the lowest ranks on, the
// step is taken that gains most per byte of all steps that still fit,
//
//   from k to argmax_j  w (lost(k) - lost(j)) / (cost(j) - cost(k))
//
// the next corner of the upper concave envelope of gain against cost. Where every rank costs the
// same, as with two factors, that is the next rank. It is not where a rank costs less than the one
// before it (the junction form, k (m + n) - k²) or where the dense matrix is near: gains per byte
// then rise again behind a rank, and a matrix goes to the far corner at once. Where a corner no
// longer fits, the envelope of what does takes its place.
//
// Bounds. What a byte gains never rises along the way, so: (1) the optimum is ahead by less than the
// first step that did not fit would have gained, as the envelope is the optimum of the relaxed
// problem up to there; (2) a larger budget never loses more: where two ways part, the larger budget
// takes a step that the smaller one has no room for, and that step gains more than all bytes left to
// the smaller one can. (3) Never worse than uniform: the better of the two is returned, which
// matters on a handful of matrices. Cost: the ranks in all times the layers and the longest curve.

import type { Allocation, AllocationLayer } from "./allocation.ts";
import { uniformPlaces } from "./allocate_uniform.ts";
import { allocationAt, bytesAt, type Curve, curvesOf } from "./curve.ts";

/** A step from where a matrix stands to a larger point. */
interface Step {
  readonly place: number;
  readonly byteLength: number;
  readonly gainPerByte: number;
}

/**
 * Allocates ranks where they gain most per byte.
 *
 * @example Sixteen bytes for two matrices
 * ```ts
 * import { allocateGreedy } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * const a = { name: "a", role: "q", energies: [9, 4, 1], costs: [8, 16, 24], denseBytes: 40 };
 * const b = { name: "b", role: "k", energies: [4, 1, 0.25], costs: [4, 8, 12], denseBytes: 20 };
 * const { layers } = allocateGreedy([{ ...a, weight: 1 }, { ...b, weight: 1 }], 16);
 * assertEquals(layers.map(({ rank }) => rank), [1, 2]);
 * ```
 *
 * @param layers The matrices.
 * @param budget The bytes that they may take together.
 * @returns Their ranks.
 * @throws {RangeError} If the lowest ranks exceed the budget, or the budget all dense matrices.
 */
export function allocateGreedy(layers: readonly AllocationLayer[], budget: number): Allocation {
  const curves = curvesOf(layers, budget);
  const found = allocationAt(curves, greedyPlaces(curves, budget));
  const uniform = allocationAt(curves, uniformPlaces(curves, budget));
  return uniform.loss < found.loss ? uniform : found;
}

function greedyPlaces(curves: readonly Curve[], budget: number): readonly number[] {
  const places = curves.map(() => 0);
  let left = budget - bytesAt(curves, places);
  const steps = curves.map((curve) => bestStep(curve, 0, left));
  for (;;) {
    let best = -1;
    let gainPerByte = 0;
    for (const [l, step] of steps.entries()) {
      if (step && step.gainPerByte > gainPerByte) [best, gainPerByte] = [l, step.gainPerByte];
    }
    const step = best < 0 ? null : steps[best];
    if (!step) return places;
    if (step.byteLength <= left) {
      places[best] = step.place;
      left -= step.byteLength;
    }
    steps[best] = bestStep(curves[best], places[best], left);
  }
}

/** The step of the largest gain per byte among those of at most `left` bytes, if any gains. */
function bestStep({ points, weight }: Curve, from: number, left: number): Step | null {
  const start = points[from];
  let best: Step | null = null;
  for (let place = from + 1; place < points.length; place++) {
    const byteLength = points[place].byteLength - start.byteLength;
    if (byteLength > left) break;
    const gainPerByte = weight * (start.lost - points[place].lost) / byteLength;
    if (gainPerByte > (best?.gainPerByte ?? 0)) best = { place, byteLength, gainPerByte };
  }
  return best;
}
