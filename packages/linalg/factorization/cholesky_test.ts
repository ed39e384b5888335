import { assert, assertEquals, assertRejects } from "@std/assert";
import { tensor } from "@pare/tensor";
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { randomValues, UNIT, type Values } from "../testing/device_case.ts";
import {
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
  distance,
  graded,
  identity,
  positive,
  scaled,
  scaledColumns,
  secondDifferences,
  times,
  withEigenvalues,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { cholesky } from "./cholesky.ts";

function scaledBothSides(a: Values, factors: readonly number[]): Values {
  return transposed(scaledColumns(transposed(scaledColumns(a, factors)), factors));
}

const DEFINITE = [
  ["one element", () => scaled(identity(1), 7)],
  ["two", () => positive(2, 1)],
  ["half a block", () => positive(63, 12)],
  ["a block", () => positive(128, 2)],
  ["one more than a block", () => positive(129, 3)],
  ["two blocks", () => positive(256, 13)],
  ["several blocks", () => positive(300, 4)],
  ["the identity", () => identity(70)],
  ["second differences", () => secondDifferences(80)],
  ["graded", () => withEigenvalues(graded(40, 1e-4), 5)],
  ["graded rows and columns", () => scaledBothSides(positive(70, 6), graded(70, 1e-15))],
] as const;

async function check({ device, dtype, matrix, values }: Sample): Promise<void> {
  const factor = await cholesky(matrix, { device });
  const [n] = matrix.shape;
  assertEquals([factor.dtype, factor.shape], [dtype, [n, n]]);
  const restored = times(valuesOf(factor), transposed(valuesOf(factor)));
  for (let i = 0; i < n; i++) {
    assert(factor.data[i * n + i] > 0, `diagonal ${i}`);
    for (let j = i + 1; j < n; j++) assertEquals(factor.data[i * n + j], 0, `[${i}, ${j}]`);
    for (let j = 0; j <= i; j++) {
      // (n + 1) eps |L| |Lᵀ|, by Cauchy and Schwarz no more than √(a_ii a_jj) each; 2 eps of ours.
      const size = Math.sqrt(values.data[i * n + i] * values.data[j * n + j]);
      const error = Math.abs(restored.data[i * n + j] - values.data[i * n + j]);
      assert(error <= 2 * (n + 3) * UNIT[dtype] * size, `[${i}, ${j}]: ${error}`);
    }
  }
}

testEach("cholesky() reconstructs element by element", DEFINITE, check);

const LARGE_AND_SMALL = [1e150, 1e305, 1e-150, 1e-300].map((factor) =>
  [`scaled by ${factor}`, () => scaled(positive(40, 7), factor)] as const
);
testEach("cholesky() reconstructs whatever the scale", LARGE_AND_SMALL, async (sample) => {
  const factor = valuesOf(await cholesky(sample.matrix, { device: sample.device }));
  assertRestored(times(factor, transposed(factor)), sample.values, "f64");
}, ["f64"]);

Deno.test("cholesky() finds the factor that ml-matrix finds", async () => {
  using device = createReferenceDevice();
  const values = positive(90, 8);
  const factor = await cholesky(asTensor(values, "f64"), { device });
  const oracle = new CholeskyDecomposition(Matrix.from1DArray(90, 90, values.data));
  const wanted = {
    shape: [90, 90],
    data: Float64Array.from(oracle.lowerTriangularMatrix.to1DArray()),
  };
  // The condition of the matrix is about 100.
  assert(distance(valuesOf(factor), wanted) <= 100 * allowed(values, "f64"));
});

Deno.test("cholesky() names the first pivot that is not positive", async () => {
  using device = createReferenceDevice();
  for (const at of [0, 1, 63, 127, 128, 129, 150]) {
    const values = positive(151, 9);
    values.data[at * 151 + at] = -0.5;
    await assertRejects(
      () => cholesky(asTensor(values, "f64"), { device }),
      RangeError,
      `Cannot take the Cholesky factor as the matrix must be positive definite: current pivot ${at} is -`,
    );
  }
  const zero = tensor(new Float32Array(9), [3, 3]);
  await assertRejects(() => cholesky(zero, { device }), RangeError, "current pivot 0 is 0");
  const singular = tensor(Float64Array.of(1, 2, 2, 4), [2, 2]);
  await assertRejects(() => cholesky(singular, { device }), RangeError, "current pivot 1 is 0");
});

Deno.test("cholesky() reads the lower triangle alone", async () => {
  using device = createReferenceDevice();
  const values = positive(170, 10);
  const whole = await cholesky(asTensor(values, "f64"), { device });
  values.data.forEach((_, i) => i % 170 > Math.floor(i / 170) && (values.data[i] = 5));
  assertEquals(await cholesky(asTensor(values, "f64"), { device }), whole);
});

Deno.test("cholesky() repeats itself and leaves its input be", async () => {
  using device = createReferenceDevice();
  await assertRepeats(positive(70, 11), (matrix) => cholesky(matrix, { device }));
});

Deno.test("cholesky() refuses what it cannot factorize", async () => {
  await assertRefusesBadMatrices(cholesky);
  const matrix = asTensor(randomValues([2, 3], 1, "f64"), "f64");
  await assertRejects(
    () => cholesky(matrix),
    RangeError,
    "must be [2, 2]: current shape is [2, 3]",
  );
});
