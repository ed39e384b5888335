import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createDice } from "./dice.ts";

const draws = (options: { seed: number; index: number; salt: number }, count = 100) => {
  const dice = createDice(options);
  return Array.from({ length: count }, () => dice.below(1000));
};

Deno.test("createDice() repeats a stream, and gives others for each of its numbers", () => {
  const options = { seed: 2 ** 40 + 1, index: 2 ** 35 + 2, salt: 3 };
  assertEquals(draws(options), draws(options));
  for (const other of [{ seed: 1 }, { index: 2 }, { salt: 4 }, { index: 2 ** 35 + 3 }]) {
    assertNotEquals(draws({ ...options, ...other }), draws(options));
  }
});

Deno.test("Dice stay in range and are fair", () => {
  const dice = createDice({ seed: 1, index: 0, salt: 0 });
  const counts = new Array<number>(6).fill(0);
  const rolls = 60_000;
  for (let i = 0; i < rolls; i++) counts[dice.between(1, 6) - 1]++;
  assertEquals(counts.reduce((sum, count) => sum + count), rolls);
  const expected = rolls / 6;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Five degrees of freedom: mean 5, variance 10; five standard deviations.
  assert(chiSquare < 5 + 5 * Math.sqrt(10), `chi-square ${chiSquare}`);
  const heads = Array.from({ length: rolls }, () => dice.chance(0.25)).filter(Boolean).length;
  assert(Math.abs(heads - rolls / 4) < 5 * Math.sqrt(rolls * 3 / 16), `${heads} heads`);
  assert(!dice.chance(0) && dice.chance(1));
});

Deno.test("Dice.sample() draws different items and leaves the list be", () => {
  const dice = createDice({ seed: 1, index: 0, salt: 0 });
  const items = ["a", "b", "c", "d"];
  for (let i = 0; i < 100; i++) assertEquals(new Set(dice.sample(items, 3)).size, 3);
  assertEquals(dice.sample(items, 4).toSorted(), items);
  assertEquals(items, ["a", "b", "c", "d"]);
});
