import { createWasmDevice } from "@pare/linalg";
import { castTo } from "@pare/tensor";
import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { whitenedSpectrum } from "./spectrum.ts";
import {
  beside,
  diagonal,
  norm,
  randomLayer,
  singularValues,
  statisticsOf,
  times,
} from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

for (const [rows, cols, tokens] of [[12, 12, 40], [9, 15, 60], [16, 9, 50], [10, 14, 6]]) {
  const { a, x } = randomLayer(rows, cols, tokens, rows);
  const weight = castTo(a, "f32");
  const statistics = statisticsOf(x);

  Deno.test(`whitenedSpectrum() is of A X, and sums up to its norm: ${rows}×${cols}, ${tokens} tokens`, async () => {
    const found = await whitenedSpectrum(weight, statistics, { device });
    const wanted = new Float64Array(Math.min(rows, cols));
    wanted.set((await singularValues(times(a, x), device)).subarray(0, wanted.length));
    assertEquals(found.length, wanted.length);
    const unit = (rows + cols) * Number.EPSILON * wanted[0] ** 2;
    for (const [i, square] of found.entries()) {
      assertLessOrEqual(Math.abs(square - wanted[i] ** 2), 4 * unit);
    }
    const sum = found.reduce((total, square) => total + square, 0);
    assertLessOrEqual(Math.abs(sum - norm(times(a, x)) ** 2), 4 * rows * unit);
  });

  Deno.test(`whitenedSpectrum() without statistics is of A: ${rows}×${cols}`, async () => {
    const found = await whitenedSpectrum(weight, null, { device });
    const wanted = await singularValues(a, device);
    for (const [i, square] of found.entries()) {
      const unit = (rows + cols) * Number.EPSILON * wanted[0] ** 2;
      assertLessOrEqual(Math.abs(square - wanted[i] ** 2), 4 * unit);
    }
  });
}

Deno.test("whitenedSpectrum() with a ridge sees as much more of the weight itself", async () => {
  const { a, x } = randomLayer(8, 10, 30, 3);
  const { gram } = statisticsOf(x);
  const trace = gram.data.reduce((sum, value, i) => i % 11 === 0 ? sum + value : sum, 0);
  // G + μ I is the Gram matrix of X with √μ I beside it.
  const ridge = diagonal(new Float64Array(10).fill(Math.sqrt(0.5 * trace / 10)));
  const wanted = await singularValues(times(a, beside(x, ridge)), device);
  const options = { ridge: 0.5, device };
  const found = await whitenedSpectrum(castTo(a, "f32"), statisticsOf(x), options);
  for (const [i, square] of found.entries()) {
    assertLessOrEqual(Math.abs(square - wanted[i] ** 2), 80 * Number.EPSILON * wanted[0] ** 2);
  }
});

Deno.test("whitenedSpectrum() refuses statistics of another width and unknown options", async () => {
  const { a, x } = randomLayer(4, 5, 9, 1);
  const weight = castTo(a, "f32");
  const other = statisticsOf(randomLayer(4, 6, 9, 1).x);
  await assertRejects(() => whitenedSpectrum(weight, other), RangeError, "must be [5, 5]");
  const options = { ridge: -1, device };
  await assertRejects(() => whitenedSpectrum(weight, statisticsOf(x), options), RangeError);
  const unknown = { device, rigde: 1 };
  await assertRejects(() => whitenedSpectrum(weight, null, unknown), TypeError, `"rigde"`);
});
