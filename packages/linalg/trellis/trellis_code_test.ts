import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { packIntegers } from "@pare/tensor";
import { TRELLIS_DEVIATION, trellisLevel, trellisState } from "./trellis_code.ts";

Deno.test("trellisLevel() sums up bytes as others who hash by the same multiplier do", () => {
  const sums = [0, 1, 2, 3, 1000, 65535].map((state) => trellisLevel(state) + 510);
  assertEquals(sums, [0, 605, 444, 539, 390, 414]);
});

Deno.test("trellisLevel() has the moments of a normal number", () => {
  const levels = Array.from({ length: 2 ** 16 }, (_, state) => trellisLevel(state));
  const mean = (power: number) =>
    levels.reduce((sum, level) => sum + (level / TRELLIS_DEVIATION) ** power, 0) / levels.length;
  // As if they were drawn: the deviations of these means are 1/256, √2/256 and √96/256.
  assertAlmostEquals(mean(1), 0, 3 / 256);
  assertAlmostEquals(mean(2), 1, 3 * Math.SQRT2 / 256);
  // Four uniform bytes have a kurtosis of 3 − 6 / (5 · 4).
  assertAlmostEquals(mean(4), 2.7, 3 * Math.sqrt(96) / 256);
});

Deno.test("trellisState() of states as long as a weight unpacks integers", () => {
  const integers = Uint8Array.from({ length: 16 }, (_, i) => (5 * i + 3) % 8);
  const tile = packIntegers(integers, 3);
  assertEquals([...integers.keys()].map((i) => trellisState(tile, i, 3, 3)), [...integers]);
});

Deno.test("trellisState() loses its highest bits from one weight to the one before, around", () => {
  const tile = Uint8Array.of(0x12, 0xa7, 0x5c, 0xe9);
  for (const [bits, stateBits] of [[1, 16], [2, 12], [4, 9]]) {
    const size = 32 / bits;
    for (let i = 0; i < size; i++) {
      const state = trellisState(tile, i, bits, stateBits);
      const before = trellisState(tile, (i + size - 1) % size, bits, stateBits);
      assert(state < 2 ** stateBits);
      assertEquals(before >> bits, state % 2 ** (stateBits - bits));
    }
  }
});
