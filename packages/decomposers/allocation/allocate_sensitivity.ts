// Allocation by measured sensitivity: the truncation rank search (STRS) of ASVD.
//
// Z. Yuan et al., "ASVD: Activation-aware Singular Value Decomposition for Compressing Large
// Language Models", 2023, arXiv:2312.05821, section 3.3. A table holds the perplexity of the model
// with one matrix at one share of its bytes, all others dense. Sorted by falling perplexity, a cut c
// gives every matrix the smallest share that the table has for it from c on, and leaves it dense
// where it has none:
//
//   bytes(c) never falls with c      c* = the largest c with bytes(c) <= budget, by bisection
//
// Departs from the code of the authors, which takes the cut it has probed last, within the budget or
// not. Bound: within the budget, and no larger cut is. Cost: log₂ of the table's length times one
// pass over it; measuring the table is the work, one evaluation an entry.

import type { Allocation, AllocationLayer } from "./allocation.ts";
import { allocationAt, bytesAt, type Curve, curvesOf, placeAt } from "./curve.ts";

/** What the model does with one matrix at one share of its bytes. */
export interface SensitivityEntry {
  /** The name of the matrix. */
  readonly name: string;
  /** The share of its bytes that it keeps, above 0 and below 1. */
  readonly keep: number;
  /** The perplexity of the model. */
  readonly perplexity: number;
}

/** The shares that the paper measures. */
export const SENSITIVITY_KEEPS: readonly number[] = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

const ACTION = "Cannot allocate ranks by sensitivity";

/**
 * Allocates ranks by what was measured of each matrix by itself.
 *
 * @example The sensitive one of two matrices keeps more
 * ```ts
 * import { allocateSensitivity } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = { role: "q", energies: [9, 4, 1, 0], costs: [25, 50, 80, 95], denseBytes: 100 };
 * const layers = [{ ...layer, name: "a" }, { ...layer, name: "b" }];
 * const table = [
 *   { name: "a", keep: 0.5, perplexity: 12 },
 *   { name: "a", keep: 0.8, perplexity: 10.5 },
 *   { name: "b", keep: 0.5, perplexity: 20 },
 *   { name: "b", keep: 0.8, perplexity: 11 },
 * ];
 * const { layers: found, byteLength } = allocateSensitivity(layers, 140, table);
 * assertEquals([found.map(({ rank }) => rank), byteLength], [[2, 3], 130]);
 * ```
 *
 * @param layers The matrices.
 * @param budget The bytes that they may take together.
 * @param table What was measured.
 * @returns Their ranks.
 * @throws {RangeError} If the smallest shares that were measured exceed the budget, the budget all
 * dense matrices, or an entry is of no layer or its numbers are none.
 */
export function allocateSensitivity(
  layers: readonly AllocationLayer[],
  budget: number,
  table: readonly SensitivityEntry[],
): Allocation {
  const curves = curvesOf(layers, budget);
  checkTable(layers, table);
  // Equal perplexities keep the order of the table, so that a table has one result.
  const sorted = [...table].sort((a, b) => b.perplexity - a.perplexity);
  const placesOf = (cut: number) => placesFrom(curves, sorted.slice(cut));
  const smallest = bytesAt(curves, placesOf(0));
  if (smallest > budget) {
    throw new RangeError(
      `${ACTION} as the budget must be at least ${smallest} bytes, what the smallest shares that ` +
        `were measured take: current budget is ${budget}`,
    );
  }
  let low = 0;
  let high = sorted.length + 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (bytesAt(curves, placesOf(middle)) <= budget) low = middle;
    else high = middle;
  }
  return allocationAt(curves, placesOf(low));
}

/** Every matrix at its smallest share among the entries; dense where it has none. */
function placesFrom(curves: readonly Curve[], entries: readonly SensitivityEntry[]): number[] {
  const keeps = new Map<string, number>();
  for (const { name, keep } of entries) keeps.set(name, Math.min(keep, keeps.get(name) ?? 1));
  return curves.map((curve) => placeAt(curve, keeps.get(curve.layer.name) ?? 1));
}

function checkTable(
  layers: readonly AllocationLayer[],
  table: readonly SensitivityEntry[],
): void {
  const names = new Set(layers.map(({ name }) => name));
  for (const { name, keep, perplexity } of table) {
    if (!names.has(name)) {
      throw new RangeError(
        `${ACTION} as every entry must be of one of the layers: current name is ${name}`,
      );
    }
    if (!(keep > 0 && keep < 1 && Number.isFinite(perplexity))) {
      throw new RangeError(
        `${ACTION} as an entry of ${name} must have a share between 0 and 1 and a finite ` +
          `perplexity: current values are ${keep} and ${perplexity}`,
      );
    }
  }
}
