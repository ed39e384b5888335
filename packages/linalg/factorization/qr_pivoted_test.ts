import { assert, assertEquals, assertRejects } from "@std/assert";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { randomValues, type Values } from "../testing/device_case.ts";
import {
  assertFinite,
  assertOrthonormal,
  assertRefusesBadMatrices,
  assertRepeats,
  assertRestored,
  asTensor,
  type Sample,
  testEach,
  valuesOf,
} from "../testing/factorization_cases.ts";
import {
  allowed,
  EXTREME,
  frobenius,
  graded,
  RECTANGULAR,
  times,
  withSingularValues,
} from "../testing/matrices.ts";
import { qrPivoted } from "./qr_pivoted.ts";

function permuted({ shape, data }: Values, order: Uint32Array): Values {
  const [, cols] = shape;
  return { shape, data: data.map((_, i) => data[i - i % cols + order[i % cols]]) };
}

async function check(sample: Sample): Promise<void> {
  const { device, dtype, matrix, values } = sample;
  const { q, r, permutation } = await qrPivoted(matrix, { device });
  const [rows, cols] = matrix.shape;
  const k = Math.min(rows, cols);
  assertEquals([q.dtype, q.shape], [dtype, [rows, k]]);
  assertEquals([r.dtype, r.shape], [dtype, [k, cols]]);
  assertFinite(q, r);
  assertEquals(permutation.data.toSorted(), Uint32Array.from({ length: cols }, (_, i) => i));
  assertOrthonormal(valuesOf(q), sample, "columns of q");
  assertRestored(times(valuesOf(q), valuesOf(r)), permuted(values, permutation.data), dtype);
  // No column that comes later is longer than the pivot, but for what norms lose to rounding.
  const slack = allowed(values, dtype) * Math.abs(r.data[0]);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) assertEquals(r.data[i * cols + j], 0, `r[${i}, ${j}]`);
    const pivot = r.data[i * cols + i];
    assert(pivot >= 0, `pivot ${i}`);
    for (let j = i + 1; j < cols; j++) {
      let rest = 0;
      for (let row = i; row < Math.min(k, j + 1); row++) {
        rest = Math.hypot(rest, r.data[row * cols + j]);
      }
      assert(rest <= pivot * (1 + 1e-3) + slack, `column ${j} beside pivot ${i}: ${rest}`);
    }
  }
}

testEach("qrPivoted() reconstructs with falling pivots", RECTANGULAR, check);
testEach("qrPivoted() reconstructs what squares would overflow with", EXTREME, check, ["f64"]);

Deno.test("qrPivoted() stops at maxRank with what a full factorization begins with", async () => {
  using device = createReferenceDevice();
  const values = randomValues([70, 60], 1, "f64");
  const full = await qrPivoted(asTensor(values, "f64"), { device });
  for (const maxRank of [1, 31, 32, 45, 60, 1000]) {
    const { q, r, permutation } = await qrPivoted(asTensor(values, "f64"), { device, maxRank });
    const k = Math.min(maxRank, 60);
    assertEquals([q.shape, r.shape], [[70, k], [k, 60]]);
    assertEquals(permutation.data.slice(0, k), full.permutation.data.slice(0, k));
    for (let i = 0; i < k; i++) {
      const difference = Math.abs(r.data[i * 60 + i] - full.r.data[i * 60 + i]);
      assert(difference <= 1e-12, `pivot ${i}`);
    }
    assertOrthonormal(valuesOf(q), { values, dtype: "f64" }, "columns of q");
  }
});

Deno.test("qrPivoted() shows the rank, and what it leaves out when it stops there", async () => {
  using device = createReferenceDevice();
  const values = withSingularValues(80, 70, [3, 2, 1, 1, 0.5], 2);
  const { r } = await qrPivoted(asTensor(values, "f64"), { device });
  assert(r.data[4 * 70 + 4] > 1e-2);
  assert(r.data[5 * 70 + 5] < allowed(values, "f64") * frobenius(values));
  const cut = await qrPivoted(asTensor(values, "f64"), { device, maxRank: 5 });
  assertEquals(cut.q.shape, [80, 5]);
  const own = permuted(values, cut.permutation.data);
  assertRestored(times(valuesOf(cut.q), valuesOf(cut.r)), own, "f64");
});

Deno.test("qrPivoted() keeps its norms where downdating would lose them", async () => {
  // All columns nearly in one direction: what is left of each is a billionth of what it was.
  using device = createReferenceDevice();
  const base = withSingularValues(60, 50, [1], 3);
  const noise = randomValues([60, 50], 4, "f64");
  const data = base.data.map((value, i) => value + 1e-9 * noise.data[i]);
  const values = { shape: [60, 50], data };
  await check({ device, dtype: "f64", matrix: asTensor(values, "f64"), values });
  const { r } = await qrPivoted(asTensor(values, "f64"), { device });
  for (let i = 2; i < 50; i++) {
    const ratio = r.data[i * 50 + i] / r.data[(i - 1) * 50 + i - 1];
    assert(ratio <= 1 + 1e-6, `pivot ${i} grows by ${ratio}`);
  }
});

Deno.test("qrPivoted() finds singular values of a graded matrix to a small factor", async () => {
  using device = createReferenceDevice();
  const singular = graded(40, 1e-10);
  const values = withSingularValues(40, 40, singular, 5);
  const { r } = await qrPivoted(asTensor(values, "f64"), { device });
  for (const [i, value] of singular.entries()) {
    const ratio = r.data[i * 40 + i] / value;
    // Not a theorem (Kahan's matrix), but so for random singular vectors.
    assert(ratio > 0.05 && ratio < 20, `pivot ${i}: ${ratio}`);
  }
});

Deno.test("qrPivoted() takes the first of equally long columns", async () => {
  using device = createReferenceDevice();
  const ones = { shape: [3, 4], data: new Float64Array(12).fill(1) };
  const { permutation } = await qrPivoted(asTensor(ones, "f64"), { device, maxRank: 1 });
  assertEquals(permutation.data, Uint32Array.of(0, 1, 2, 3));
});

Deno.test("qrPivoted() repeats itself and leaves its input be", async () => {
  using device = createReferenceDevice();
  const values = randomValues([50, 40], 6, "f64");
  await assertRepeats(values, (matrix) => qrPivoted(matrix, { device }));
});

Deno.test("qrPivoted() refuses what it cannot factorize", async () => {
  await assertRefusesBadMatrices(qrPivoted);
  const matrix = asTensor(randomValues([2, 2], 1, "f64"), "f64");
  await assertRejects(() => qrPivoted(matrix, { maxRank: 0 }), RangeError, "maxRank");
});
