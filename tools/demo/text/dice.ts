import { philox } from "@pare/tensor";

/** A stream of random choices. */
export interface Dice {
  /** Draws an integer from 0 to `count - 1`. */
  below(count: number): number;
  /** Draws an integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** Tells `true` with the given probability. */
  chance(probability: number): boolean;
  /** Draws one of the items. */
  pick<T>(items: readonly T[]): T;
  /** Draws several different items, in random order. */
  sample<T>(items: readonly T[], count: number): T[];
}

/** Which stream: the same numbers give the same choices, whatever was drawn from others. */
export interface DiceOptions {
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Which document, an integer from 0 to 2^53 - 1. */
  readonly index: number;
  /** What else tells this stream from others, an integer from 0 to 2^32 - 1. */
  readonly salt: number;
}

/**
 * Creates a stream of choices: Philox4x32-10, its key the seed, its counter the block, the salt and
 * the index.
 *
 * @param options The stream.
 * @returns The stream, at its beginning.
 */
export function createDice({ seed, index, salt }: DiceOptions): Dice {
  const key = [seed % 2 ** 32 | 0, Math.floor(seed / 2 ** 32) | 0] as const;
  const low = index % 2 ** 32 | 0;
  const high = Math.floor(index / 2 ** 32) | 0;
  let words: readonly number[] = [];
  let block = 0;
  let next = 4;

  function below(count: number): number {
    if (next === 4) {
      words = philox([block++, salt | 0, low, high], key);
      next = 0;
    }
    return Math.floor(words[next++] * 2 ** -32 * count);
  }

  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => below(2 ** 32) < probability * 2 ** 32,
    pick: (items) => items[below(items.length)],
    sample(items, count) {
      const left = [...items];
      return Array.from({ length: count }, () => left.splice(below(left.length), 1)[0]);
    },
  };
}
