// What a matrix can be, from the smallest to the dense one: points of bytes against lost energy.

import type { Allocation, AllocationLayer } from "./allocation.ts";

/** One way to store a matrix. */
export interface Point {
  /** The rank; `null` for the dense matrix. */
  readonly rank: number | null;
  /** Bytes on disk. */
  readonly byteLength: number;
  /** Σ_{i>k} σ_i². */
  readonly lost: number;
}

/** All ways to store a matrix that can be right, by rising size. */
export interface Curve {
  /** The matrix. */
  readonly layer: AllocationLayer;
  /** Σ σ_i². */
  readonly energy: number;
  /** What a unit of lost energy counts. */
  readonly weight: number;
  /** The points; a larger one never loses more. */
  readonly points: readonly Point[];
}

const ACTION = "Cannot allocate ranks";

/**
 * The curves of the layers, checked with the budget that they share.
 *
 * @throws {RangeError} If there is no layer, a number is none, or no allocation fills the budget.
 */
export function curvesOf(layers: readonly AllocationLayer[], budget: number): readonly Curve[] {
  const curves = layers.map(curveOf);
  const smallest = curves.reduce((sum, { points: [{ byteLength }] }) => sum + byteLength, 0);
  const dense = layers.reduce((sum, { denseBytes }) => sum + denseBytes, 0);
  if (layers.length === 0 || !(budget >= smallest && budget <= dense)) {
    throw new RangeError(
      `${ACTION} as the budget of ${layers.length} layers must be from ${smallest} bytes, at the ` +
        `lowest ranks, to ${dense}, all dense: current budget is ${budget}`,
    );
  }
  return curves;
}

/** Only what costs less than everything that loses no more: ranks that do not pay fall out. */
function curveOf(layer: AllocationLayer): Curve {
  const { name, energies, costs, denseBytes } = layer;
  if (!(denseBytes > 0 && Number.isFinite(denseBytes))) {
    throw new RangeError(
      `${ACTION} as the dense bytes of ${name} must be a number above 0: current value is ${denseBytes}`,
    );
  }
  const tails = tailsOf(layer);
  const points: Point[] = [{ rank: null, byteLength: denseBytes, lost: 0 }];
  for (let rank = Math.min(costs.length, energies.length); rank >= 1; rank--) {
    const byteLength = costs[rank - 1];
    if (byteLength < points[points.length - 1].byteLength) {
      points.push({ rank, byteLength, lost: tails[rank] });
    }
  }
  const energy = tails[0];
  const weight = layer.weight ?? (energy > 0 ? 1 / energy : 0);
  return { layer, energy, weight, points: points.reverse() };
}

/** Σ_{i>k} σ_i² for every k, summed from the smallest up. */
function tailsOf({ name, energies }: AllocationLayer): Float64Array {
  const tails = new Float64Array(energies.length + 1);
  for (let i = energies.length - 1; i >= 0; i--) {
    const value = energies[i];
    const next = i + 1 < energies.length ? energies[i + 1] : 0;
    if (!(value >= next && Number.isFinite(value))) {
      throw new RangeError(
        `${ACTION} as the energies of ${name} must be finite, descending and at least 0: ` +
          `current values ${i} and ${i + 1} are ${value} and ${next}`,
      );
    }
    tails[i] = tails[i + 1] + value;
  }
  return tails;
}

/**
 * Tells the rank of a matrix that keeps a share of its bytes: the largest within it, or what takes
 * fewest bytes where none is.
 *
 * @example Half of a matrix of 64 bytes
 * ```ts
 * import { rankAt } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rankAt({ costs: [16, 32, 48, 64], denseBytes: 64 }, 0.5), 2);
 * ```
 *
 * @param layer The bytes at ranks 1, 2, …, and of the dense matrix.
 * @param keep The share.
 * @returns The rank; `null` where the matrix stays dense.
 */
export function rankAt(
  { costs, denseBytes }: Pick<AllocationLayer, "costs" | "denseBytes">,
  keep: number,
): number | null {
  const energies = new Float64Array(costs.length);
  const curve = curveOf({ name: "it", role: "", energies, costs, denseBytes });
  return curve.points[placeAt(curve, keep)].rank;
}

/** The place of the last point within a share of the dense bytes; the first one where none is. */
export function placeAt({ layer, points }: Curve, keep: number): number {
  // A share that is a quotient of bytes may fall short of them by its rounding.
  const limit = keep * layer.denseBytes * (1 + 2 ** -50);
  return Math.max(0, points.findLastIndex(({ byteLength }) => byteLength <= limit));
}

/** The bytes of the points at the places. */
export function bytesAt(curves: readonly Curve[], places: readonly number[]): number {
  return curves.reduce((sum, { points }, l) => sum + points[places[l]].byteLength, 0);
}

/** The allocation that takes the points at the places. */
export function allocationAt(curves: readonly Curve[], places: readonly number[]): Allocation {
  const layers = curves.map(({ layer, energy, points }, l) => {
    const { rank, byteLength, lost } = points[places[l]];
    return { name: layer.name, rank, byteLength, predictedLoss: lost && lost / energy };
  });
  const loss = curves.reduce(
    (sum, { weight, points }, l) => sum + weight * points[places[l]].lost,
    0,
  );
  return { layers, byteLength: bytesAt(curves, places), loss };
}
