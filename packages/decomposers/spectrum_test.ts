import { createWasmDevice } from "@pare/linalg";
import { castTo } from "@pare/tensor";
import { assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { whitenedSpectrum } from "./spectrum.ts";
import {
  beside,
  diagonal,
  type Matrix,
  norm,
  randomLayer,
  singularValues,
  statisticsOf,
  times,
} from "./testing/matrices.ts";
import { A1, A2, A4, X1, X2, X3, X4 } from "./testing/vectors.ts";

const device = await createWasmDevice({ threads: 1 });

/** The inputs that weigh as ASVD-0 of α = 0.5 lets them: diag(√mean |x|). */
function weighedByMean(x: Matrix): Matrix {
  return diagonal(statisticsOf(x).meanAbs.data.map(Math.sqrt));
}

// Computed independently, to six digits.
const VECTORS: readonly [name: string, a: Matrix, x: Matrix | null, wanted: readonly number[]][] = [
  ["V1, A", A1, null, [5.086330, 3.052238, 1.677227]],
  ["V1, A X", A1, X1, [14.950884, 8.595257, 4.959096]],
  ["V1, A S of ASVD-0", A1, weighedByMean(X1), [4.818991, 3.088038, 2.010310]],
  ["V2, A X", A2, X2, [6, 3]],
  ["V2, A S of ASVD-0", A2, weighedByMean(X2), [2.449490, 2.121320]],
  ["V3, A X", A1, X3, [11.470834, 1.849317, 0]],
  ["V4, A", A4, null, [5.272417, 3.779409, 2.170050, 0.456698]],
  ["V4, A X", A4, X4, [24.560435, 10.053662, 7.907370, 1.477300]],
];
for (const [name, a, x, wanted] of VECTORS) {
  Deno.test(`whitenedSpectrum() is what it should be: ${name}`, async () => {
    const statistics = x && statisticsOf(x);
    const found = await whitenedSpectrum(castTo(a, "f32"), statistics, { device });
    assertEquals(found.length, wanted.length);
    // Half of the sixth digit; a zero comes out as the root of rounding errors.
    for (const [i, square] of found.entries()) {
      assertLessOrEqual(Math.abs(Math.sqrt(square) - wanted[i]), 5e-7 + (wanted[i] ? 0 : 1e-6));
    }
  });
}

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
