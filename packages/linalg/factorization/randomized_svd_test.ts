import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { randomValues } from "../testing/device_case.ts";
import {
  assertFinite,
  assertOrthonormal,
  assertRefusesBadMatrices,
  assertRepeats,
  asTensor,
  type Sample,
  testEach,
  valuesOf,
} from "../testing/factorization_cases.ts";
import {
  allowed,
  distance,
  frobenius,
  graded,
  RECTANGULAR,
  scaled,
  scaledColumns,
  times,
  withSingularValues,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { randomizedSvd } from "./randomized_svd.ts";
import { svd } from "./svd.ts";

async function check(sample: Sample): Promise<void> {
  const { device, dtype, matrix, values } = sample;
  const [rows, cols] = matrix.shape;
  const rank = Math.ceil(Math.min(rows, cols) / 3);
  const { u, singularValues, vt } = await randomizedSvd(matrix, { device, rank });
  assertEquals([u.dtype, u.shape], [dtype, [rows, rank]]);
  assertEquals(singularValues.shape, [rank]);
  assertEquals(vt.shape, [rank, cols]);
  assertFinite(u, singularValues, vt);
  const bound = allowed(values, dtype);
  assertOrthonormal(valuesOf(u), sample, "left vectors", 2);
  assertOrthonormal(transposed(valuesOf(vt)), sample, "right vectors", 2);
  assertEquals(singularValues.data.toSorted().toReversed(), singularValues.data, "descending");
  // Eckart and Young bound the error from below, Halko et al. from above: four power iterations
  // leave (…)^(1/9) of the factor of theorem 10.6, less than 1.5 for ten more columns than the rank.
  const full = await svd(matrix, { device });
  const tail = Math.hypot(...full.singularValues.data.slice(rank));
  const restored = times(scaledColumns(valuesOf(u), singularValues.data), valuesOf(vt));
  const error = distance(restored, values) * (frobenius(values) || 1);
  const rounding = bound * frobenius(values);
  assert(error >= tail - rounding && error <= 1.5 * tail + rounding, `${error}, not ${tail}`);
}

testEach("randomizedSvd() comes near the best of its rank", RECTANGULAR, check);

testEach(
  "randomizedSvd() comes near the best whatever the scale",
  [1e150, 1e-150].map((factor) =>
    [`${factor}`, () => scaled(withSingularValues(40, 30, graded(30, 1e-6), 1), factor)] as const
  ),
  async ({ device, matrix, values }) => {
    const { singularValues } = await randomizedSvd(matrix, { device, rank: 5 });
    const factor = frobenius(values) / Math.hypot(...graded(30, 1e-6));
    for (const [i, wanted] of graded(30, 1e-6).slice(0, 5).entries()) {
      assert(Math.abs(singularValues.data[i] / factor - wanted) <= 1e-12 * wanted, `value ${i}`);
    }
  },
  ["f64"],
);

Deno.test("randomizedSvd() is exact for a matrix of its rank", async () => {
  using device = createReferenceDevice();
  const values = withSingularValues(60, 50, [3, 2, 1], 2);
  const { u, singularValues, vt } = await randomizedSvd(asTensor(values, "f64"), {
    device,
    rank: 3,
    oversampling: 0,
    powerIterations: 0,
  });
  const restored = times(scaledColumns(valuesOf(u), singularValues.data), valuesOf(vt));
  // A square random matrix of size 3 may make it some hundred times worse.
  assert(distance(restored, values) <= 1000 * allowed(values, "f64"));
});

Deno.test("randomizedSvd() gains by power iterations where values fall slowly", async () => {
  using device = createReferenceDevice();
  const values = withSingularValues(80, 70, Array.from({ length: 70 }, (_, i) => 1 / (i + 1)), 3);
  const errors: number[] = [];
  for (const powerIterations of [0, 4]) {
    const options = { device, rank: 10, oversampling: 2, powerIterations };
    const { u, singularValues, vt } = await randomizedSvd(asTensor(values, "f64"), options);
    const restored = times(scaledColumns(valuesOf(u), singularValues.data), valuesOf(vt));
    errors.push(distance(restored, values));
  }
  assert(errors[1] < errors[0] * 0.9, `${errors}`);
});

Deno.test("randomizedSvd() repeats itself for a seed, and differs for another", async () => {
  using device = createReferenceDevice();
  const values = randomValues([40, 30], 4, "f64");
  await assertRepeats(values, (matrix) => randomizedSvd(matrix, { device, rank: 4, seed: 1 }));
  const matrix = asTensor(values, "f64");
  const options = { device, rank: 4, oversampling: 0, powerIterations: 0 };
  const one = await randomizedSvd(matrix, { ...options, seed: 1 });
  const two = await randomizedSvd(matrix, { ...options, seed: 2 });
  assertNotEquals(one.singularValues, two.singularValues);
});

Deno.test("randomizedSvd() refuses what it cannot factorize", async () => {
  await assertRefusesBadMatrices((matrix, options) =>
    randomizedSvd(matrix, { ...options, rank: 1 })
  );
  const matrix = asTensor(randomValues([4, 3], 5, "f64"), "f64");
  for (const rank of [0, 4, 1.5]) {
    await assertRejects(() => randomizedSvd(matrix, { rank }), RangeError, "rank must be");
  }
  const options = { rank: 1, oversampling: -1 };
  await assertRejects(() => randomizedSvd(matrix, options), RangeError, "oversampling");
});
