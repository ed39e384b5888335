import { philox } from "@pare/tensor";

/** Draws integers from 0 to `limit` - 1, the same for the same seed. */
export type RandomBelow = (limit: number) => number;

/** Makes a generator of seeded integers. */
export function randomBelow(seed: number): RandomBelow {
  let block = 0;
  let words: readonly number[] = [];
  let next = 4;
  return (limit) => {
    if (next === 4) {
      words = philox([block++, 0, 0, 0], [seed, 0]);
      next = 0;
    }
    return words[next++] % limit;
  };
}
