import { assert, assertEquals } from "@std/assert";
import { type Values } from "../testing/device_case.ts";
import { departure, times } from "../testing/matrices.ts";
import { deflateArrowhead } from "./deflate_arrowhead.ts";

const TOLERANCE = 1e-10;

Deno.test("deflateArrowhead() leaves alone what is apart", () => {
  const d = Float64Array.of(0, 3, 1, 2);
  const z = Float64Array.of(1, 2, 3, -4);
  const found = deflateArrowhead(d, z, TOLERANCE);
  assertEquals(found.kept, [0, 2, 3, 1]);
  assertEquals(found.d, Float64Array.of(0, 1, 2, 3));
  assertEquals(found.z, Float64Array.of(1, 3, -4, 2));
  assertEquals([found.rotated, found.passive, found.turned], [[], [], []]);
});

Deno.test("deflateArrowhead() takes out what z hardly touches", () => {
  const found = deflateArrowhead(
    Float64Array.of(0, 3, 1, 2),
    Float64Array.of(1, 1e-11, 3, -1e-11),
    TOLERANCE,
  );
  assertEquals([found.kept, found.passive], [[0, 2], [1, 3]]);
});

Deno.test("deflateArrowhead() rotates equals, so that z touches one of them", () => {
  const d = Float64Array.of(0, 1, 2, 1, 1);
  const z = Float64Array.of(1, 3, 5, -4, 12);
  const found = deflateArrowhead(d, z, TOLERANCE);
  assertEquals(found.kept, [0, 4, 2]);
  assertEquals(found.rotated, [1, 3]);
  assertEquals(found.turned.toSorted(), [1, 3, 4]);
  const turn: Values = { shape: [3, 3], data: found.turn };
  assert(departure(turn) <= 1e-15);
  const before = { shape: [1, 3], data: Float64Array.from(found.turned, (j) => z[j]) };
  const after = times(before, turn).data;
  // One length of all three; a few roundings each.
  for (const [place, index] of found.turned.entries()) {
    const wanted = index === 4 ? 13 : 0;
    assert(Math.abs(after[place] - wanted) <= 1e-14, `${index}: ${after[place]}`);
  }
  assert(Math.abs(found.z[1] - 13) <= 1e-14);
});

Deno.test("deflateArrowhead() moves zeros away from zero", () => {
  const found = deflateArrowhead(Float64Array.of(0, 0, 1), Float64Array.of(0, 1, 1), TOLERANCE);
  assertEquals(found.d, Float64Array.of(0, TOLERANCE / 2, 1));
  assertEquals(found.z, Float64Array.of(TOLERANCE, 1, 1));
});
