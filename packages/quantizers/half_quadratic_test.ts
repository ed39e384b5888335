import { randomNormal } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { shrink, stepZeroPoint } from "./half_quadratic.ts";

Deno.test("shrink() is soft thresholding by 1 / beta for p = 1", () => {
  for (const d of randomNormal([200], { seed: 1 }).data) {
    const expected = Math.sign(d) * Math.max(Math.abs(d) - 1 / 4, 0);
    assertAlmostEquals(shrink(d, { p: 1, beta: 4 }), expected, 1e-15);
  }
});

Deno.test("shrink() is its formula on both sides of the threshold, and 0 at 0", () => {
  for (const p of [0, 0.3, 0.7]) {
    for (const beta of [1, 10]) {
      for (const d of [...randomNormal([100], { seed: 2 }).data, beta ** (-1 / (2 - p))]) {
        const magnitude = Math.abs(d);
        const expected = Math.sign(d) * Math.max(magnitude - magnitude ** (p - 1) / beta, 0);
        assertAlmostEquals(shrink(d, { p, beta }), expected, 1e-14);
      }
      assertEquals(shrink(0, { p, beta }), 0);
    }
  }
});

Deno.test("stepZeroPoint() takes the first steps of a worked example", () => {
  const weights = Float32Array.of(-1, -0.4, 0.1, 0.2, 0.3, 2);
  let z = 1;
  let beta = 10;
  for (const expected of [0.95434, 0.93093, 0.92212]) {
    z = stepZeroPoint(weights, 1, z, 3, { p: 0.7, beta })[1];
    beta *= 1.01;
    assertAlmostEquals(z, expected, 5e-6);
  }
});

Deno.test("stepZeroPoint() sums the errors, and leaves alone what fits", () => {
  const weights = Float32Array.of(-1, 0, 0.5, 1);
  const [error, next] = stepZeroPoint(weights, 0.5, 2, 7, { p: 0.7, beta: 10 });
  assertEquals([error, next], [0, 2]);
  assert(stepZeroPoint(weights, 1, 1, 3, { p: 0.7, beta: 10 })[0] === 0.5);
});
