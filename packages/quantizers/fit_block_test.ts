import { randomNormal, randomUniform } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { fitBlock } from "./fit_block.ts";

const DELTAS = { first: -1, step: 0.1, count: 21 };
const ones = (length: number) => new Float64Array(length).fill(1);

/** The least error that codes from 0 to 15 have by a scale and a minimum. */
function errorOf(w: Float32Array, u: Float64Array, scale: number, minimum: number): number {
  return w.reduce((sum, value, i) => {
    const code = scale ? Math.min(15, Math.max(0, Math.round((value + minimum) / scale))) : 0;
    return sum + u[i] * (scale * code - minimum - value) ** 2;
  }, 0);
}

Deno.test("fitBlock() finds the grid of weights that lie on one", () => {
  const w = Float32Array.from({ length: 32 }, (_, i) => 0.25 * (i % 16) - 1.5);
  const { scale, minimum, weight } = fitBlock(w, ones(32), 15, DELTAS);
  assertAlmostEquals(scale, 0.25, 1e-12);
  assertAlmostEquals(minimum, 1.5, 1e-12);
  assertEquals(weight, 32);
});

Deno.test("fitBlock() is never worse than the grid from the least to the greatest weight", () => {
  let better = 0;
  for (let seed = 0; seed < 100; seed++) {
    const w = randomNormal([32], { seed }).data;
    const u = Float64Array.from(randomUniform([32], { seed }).data);
    const { scale, minimum } = fitBlock(w, u, 15, DELTAS);
    const [low, high] = [Math.min(...w), Math.max(...w)];
    const found = errorOf(w, u, scale, minimum);
    const plain = errorOf(w, u, (high - low) / 15, -low);
    assertLessOrEqual(found, plain * (1 + 1e-12));
    if (found < 0.9 * plain) better++;
  }
  assert(better > 50, `${better} of 100`);
});

Deno.test("fitBlock() has no minimum above zero, and no scale below", () => {
  for (const offset of [-5, -1, 1, 5]) {
    const w = randomNormal([32], { seed: 1 }).data.map((value) => value + offset);
    const { scale, minimum } = fitBlock(w, ones(32), 15, DELTAS);
    assert(scale > 0 && minimum >= 0);
    if (offset === 5) assertEquals(minimum, 0);
  }
});

Deno.test("fitBlock() takes blocks that are all alike, and errors that do not count", () => {
  const fit = (value: number) => fitBlock(new Float32Array(32).fill(value), ones(32), 15, DELTAS);
  assertEquals([fit(0).scale, fit(0).minimum], [0, 0]);
  assertEquals([fit(-3).scale, fit(-3).minimum], [0, 3]);
  assertAlmostEquals(15 * fit(3).scale - fit(3).minimum, 3, 1e-12);
  const w = randomNormal([32], { seed: 2 }).data;
  const { scale, minimum } = fitBlock(w, new Float64Array(32), 15, DELTAS);
  assertEquals([15 * scale - minimum, minimum], [Math.max(...w), -Math.min(...w)]);
});

Deno.test("fitBlock() fits best what counts most", () => {
  const w = randomNormal([32], { seed: 3 }).data;
  const u = ones(32);
  u[4] = 1e6;
  const { scale, minimum } = fitBlock(w, u, 15, DELTAS);
  const code = Math.round((w[4] + minimum) / scale);
  assert(Math.abs(scale * code - minimum - w[4]) < 1e-3 * scale);
});
