import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { LEVEL_BITS, levelsOf } from "./levels_of.ts";

Deno.test("levelsOf() has the published levels of four bits", () => {
  const published = [
    [-1, -0.6962, -0.5251, -0.3949, -0.2844, -0.1848, -0.091, 0],
    [0.0796, 0.1609, 0.2461, 0.3379, 0.4407, 0.5626, 0.723, 1],
  ].flat();
  const { dtype, shape, data } = levelsOf("normal", 4);
  assertEquals([dtype, shape], ["f32", [16]]);
  data.forEach((level, code) => assertAlmostEquals(level, published[code], 5e-5));
});

Deno.test("levelsOf() rises from -1 over an exact 0 to 1, for normal levels of any bits", () => {
  for (const bits of [2, 3, 4]) {
    const { data } = levelsOf("normal", bits);
    assertEquals([data[0], data[2 ** bits / 2 - 1], data[2 ** bits - 1]], [-1, 0, 1]);
    data.forEach((level, code) => assert(code === 0 || level > data[code - 1]));
  }
});

Deno.test("levelsOf() has a sign before the eight magnitudes of e2m1", () => {
  const magnitudes = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
  const signed = [...magnitudes, ...magnitudes.map((value) => 0 - value)];
  assertEquals(levelsOf("e2m1", 4).data, Float32Array.from(signed));
  assertEquals(LEVEL_BITS, { normal: [2, 4], e2m1: [4, 4] });
});
