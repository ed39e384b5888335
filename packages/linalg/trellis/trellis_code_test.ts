import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { packIntegers } from "@pare/tensor";
import { trellisDeviation, trellisLevel, trellisState } from "./trellis_code.ts";

Deno.test("trellisLevel() is made of the means of bytes of two hashes", () => {
  // State 1 has 95 and 61 above, 91 and 151 below: means of 78 and 121; state 3 of 107 and 107.
  assertEquals([1, 3].map((state) => trellisLevel(state, 2, 12)), [8 * 39 - 508, 8 * 53 - 508]);
  assertEquals([1, 3].map((state) => trellisLevel(state, 3, 12)), [8 * 49 - 508, 8 * 53 - 508]);
});

Deno.test("trellisLevel() has the moments of sums of two and of four bytes", () => {
  for (const [bits, stateBits, bytes] of [[1, 12, 2], [2, 12, 2], [2, 16, 4], [3, 12, 4]]) {
    const levels = Array.from(
      { length: 2 ** 16 },
      (_, state) => trellisLevel(state, bits, stateBits),
    );
    const mean = (power: number) =>
      levels.reduce((sum, level) => sum + (level / trellisDeviation(bits, stateBits)) ** power, 0) /
      levels.length;
    // As if they were drawn: the deviations of these means are 1/256 and √96/256.
    assertAlmostEquals(mean(1), 0, 3 / 256);
    assertAlmostEquals(mean(2), 1, 1e-6);
    // The kurtosis of the sum of n uniform numbers is 3 − 6 / (5 n).
    assertAlmostEquals(mean(4), 3 - 6 / (5 * bytes), 3 * Math.sqrt(96) / 256);
  }
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
