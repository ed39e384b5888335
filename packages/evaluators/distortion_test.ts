import { createReferenceDevice } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { randomNormal, tensor } from "@pare/tensor";
import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { activationDistortion, distortion } from "./distortion.ts";

const device = createReferenceDevice();

/** Statistics of the inputs `[tokens, n]`. */
function statisticsOf(x: Float32Array, n: number): Statistics {
  const gram = new Float64Array(n * n);
  for (let t = 0; t < x.length; t += n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) gram[i * n + j] += x[t + i] * x[t + j];
    }
  }
  const ones = tensor(new Float64Array(n).fill(1), [n]);
  return { tokens: x.length / n, gram: tensor(gram, [n, n]), meanAbs: ones, maxAbs: ones };
}

Deno.test("distortion() is zero without loss, one where all is lost", () => {
  const weight = randomNormal([3, 5], { seed: 1 });
  assertEquals(distortion(weight, weight), { nmse: 0, sqnrDb: Infinity });
  assertEquals(distortion(weight, tensor(new Float32Array(15), [3, 5])).nmse, 1);
});

Deno.test("distortion() of zeros is zero or infinite, never NaN", () => {
  const zeros = tensor(new Float32Array(4), [2, 2]);
  assertEquals(distortion(zeros, zeros).nmse, 0);
  assertEquals(distortion(zeros, randomNormal([2, 2])).nmse, Infinity);
});

Deno.test("distortion() in decibels is minus ten logarithms of the share", () => {
  const weight = tensor(Float32Array.of(3, 4), [1, 2]);
  const { nmse, sqnrDb } = distortion(weight, tensor(Float32Array.of(3, 4.5), [1, 2]));
  assertAlmostEquals(nmse, 0.01, 1e-15);
  assertAlmostEquals(sqnrDb, 20, 1e-12);
});

Deno.test("activationDistortion() is the share of the outputs' energy that is lost", async () => {
  const [rows, n, tokens] = [4, 6, 20];
  const weight = randomNormal([rows, n], { seed: 2 });
  const restored = randomNormal([rows, n], { seed: 3 });
  const x = randomNormal([tokens, n], { seed: 4 }).data;
  let noise = 0;
  let signal = 0;
  for (let t = 0; t < tokens; t++) {
    for (let i = 0; i < rows; i++) {
      let [y, z] = [0, 0];
      for (let j = 0; j < n; j++) {
        y += weight.data[i * n + j] * x[t * n + j];
        z += restored.data[i * n + j] * x[t * n + j];
      }
      noise += (y - z) ** 2;
      signal += y ** 2;
    }
  }
  const found = await activationDistortion(weight, restored, statisticsOf(x, n), { device });
  // Sums in f64 in another order.
  assertAlmostEquals(found, noise / signal, 1e-12 * noise / signal);
});

Deno.test("activationDistortion() does not see channels that are always zero", async () => {
  const weight = randomNormal([2, 2], { seed: 5 });
  const restored = tensor(Float32Array.of(weight.data[0], 99, weight.data[2], -99), [2, 2]);
  const statistics = statisticsOf(Float32Array.of(1, 0, 2, 0), 2);
  assertEquals(await activationDistortion(weight, restored, statistics, { device }), 0);
});

Deno.test("activationDistortion() and distortion() refuse shapes that do not fit", async () => {
  const [a, b] = [randomNormal([2, 3]), randomNormal([3, 2])];
  assertThrows(() => distortion(a, b), RangeError, "[2, 3]: current shape is [3, 2]");
  const statistics = statisticsOf(Float32Array.of(1, 2), 2);
  await assertRejects(
    () => activationDistortion(a, a, statistics, { device }),
    RangeError,
    "[3, 3]",
  );
});
