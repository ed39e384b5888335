// One method at a size that is given, to compare it with others at the same.
//
// A method has a ladder of settings from the smallest size to the largest. All layers take the highest
// rung whose size fits; then layer by layer, in an order drawn once and the same for every method,
// those take the next rung for which there is room.

import { randomPermutation } from "@pare/tensor";
import type { WrittenStep } from "./compress_in_memory.ts";

/** Where a ladder is to be fitted in. */
export interface Room {
  /** The names of the layers. */
  readonly layers: readonly string[];
  /** The size of what steps make, in bytes; throws where a setting does not fit a layer. */
  readonly sizeOf: (steps: readonly WrittenStep[]) => number;
  /** The most bytes. */
  readonly budget: number;
}

/** The order in which layers get what is left. */
const SEED = 1;

/**
 * Fits a method into a budget.
 *
 * @param ladder Its settings, the smallest first; one at least.
 * @param room The layers, the sizes and the budget.
 * @returns The steps of the recipe. Where not even the first rung fits, that one.
 */
export function fitLadder(ladder: readonly WrittenStep[], room: Room): WrittenStep[] {
  const { layers, sizeOf, budget } = room;
  const rung = Math.max(0, ladder.findLastIndex((step) => sizeOf([step]) <= budget));
  const [step, next] = [ladder[rung], ladder.at(rung + 1)];
  if (!next || sizeOf([step]) > budget) return [step];
  let steps = [step];
  const raised: string[] = [];
  for (const index of randomPermutation(layers.length, { seed: SEED }).data) {
    const all = [...raised, layers[index]].sort();
    const more = all.length < layers.length ? [step, { ...next, layers: all }] : [next];
    if (sizeOf(more) > budget) continue;
    raised.push(layers[index]);
    steps = more;
  }
  return steps;
}
