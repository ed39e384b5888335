import { type LevelKind, levelsOf } from "@pare/operators";
import { randomNormal } from "@pare/tensor";
import { assert, assertEquals } from "@std/assert";
import { nearestLevel } from "./nearest_level.ts";

const KINDS: readonly (readonly [LevelKind, number])[] = [
  ["normal", 2],
  ["normal", 3],
  ["normal", 4],
  ["e2m1", 4],
];

for (const [kind, bits] of KINDS) {
  const levels = levelsOf(kind, bits).data;
  const nearest = nearestLevel(kind, bits);

  Deno.test(`nearestLevel() finds the nearest of all levels: ${kind}, ${bits} bits`, () => {
    for (const value of randomNormal([2000], { seed: bits }).data) {
      for (const factor of [0.01, 1, 4]) {
        const errors = levels.map((level) => Math.abs(level - factor * value));
        assertEquals(errors[nearest(factor * value)], Math.min(...errors));
      }
    }
  });

  Deno.test(`nearestLevel() takes levels, and what is beyond them: ${kind}, ${bits} bits`, () => {
    for (const level of levels) assertEquals(levels[nearest(level)], level);
    const greatest = Math.max(...levels);
    for (const value of [greatest * 1.5, 1e300, Infinity]) {
      assertEquals([levels[nearest(value)], levels[nearest(-value)]], [greatest, -greatest]);
    }
    assertEquals([nearest(0), nearest(-0)], [levels.indexOf(0), levels.indexOf(0)]);
  });
}

Deno.test("nearestLevel() goes to the even code half way between two, as the format has it", () => {
  const levels = levelsOf("e2m1", 4).data;
  const nearest = nearestLevel("e2m1", 4);
  const ties = [[0.25, 0], [0.75, 1], [1.25, 1], [1.75, 2], [2.5, 2], [3.5, 4], [5, 4]];
  for (const [value, expected] of ties) {
    assertEquals(levels[nearest(value)], expected);
    assert(levels[nearest(-value)] === -expected || expected === 0);
    // The next f32 on either side is no tie.
    const gap = Math.fround(value * 2 ** -23);
    assert(levels[nearest(value + gap)] > levels[nearest(value - gap)]);
  }
});
