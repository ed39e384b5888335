import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { randomValues } from "../testing/device_case.ts";
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
  scaledColumns,
  SYMMETRIC,
  times,
  withSingularValues,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { svd } from "./svd.ts";

async function check(sample: Sample): Promise<void> {
  const { device, dtype, matrix, values } = sample;
  const { u, singularValues, vt } = await svd(matrix, { device });
  const [rows, cols] = matrix.shape;
  const k = Math.min(rows, cols);
  assertEquals([u.dtype, u.shape], [dtype, [rows, k]]);
  assertEquals([singularValues.dtype, singularValues.shape], [dtype, [k]]);
  assertEquals([vt.dtype, vt.shape], [dtype, [k, cols]]);
  assertFinite(u, singularValues, vt);
  const [left, right] = [valuesOf(u), transposed(valuesOf(vt))];
  assertOrthonormal(left, sample, "left vectors");
  assertOrthonormal(right, sample, "right vectors");
  assertRestored(times(scaledColumns(left, singularValues.data), valuesOf(vt)), values, dtype);
  assertEquals(singularValues.data.toSorted().toReversed(), singularValues.data, "descending");
  assert(singularValues.data[k - 1] >= 0);
}

testEach("svd() reconstructs with orthonormal vectors", RECTANGULAR, check);
testEach("svd() reconstructs symmetric matrices", SYMMETRIC, check, ["f64"]);
testEach("svd() reconstructs what squares would overflow with", EXTREME, check, ["f64"]);

testEach(
  "svd() finds the values that ml-matrix finds",
  RECTANGULAR,
  async ({ device, matrix, values, dtype }) => {
    const [rows, cols] = matrix.shape;
    const { singularValues } = await svd(matrix, { device });
    const oracle = new SingularValueDecomposition(Matrix.from1DArray(rows, cols, values.data), {
      autoTranspose: true,
    });
    // Weyl: singular values move by no more than the matrix does.
    const bound = 2 * allowed(values, dtype) * frobenius(values);
    for (const [i, value] of singularValues.data.entries()) {
      const wanted = oracle.diagonal[i];
      assert(Math.abs(value - wanted) <= bound, `value ${i}: ${value}, not ${wanted}`);
    }
  },
);

Deno.test("svd() reconstructs sparse matrices of any size and scale", async () => {
  using device = createReferenceDevice();
  const element = fc.oneof(
    fc.constantFrom(0, 0, 0, 1, -1, 2),
    fc.tuple(fc.integer({ min: -320, max: 300 }), fc.constantFrom(1, -1)).map(([e, s]) =>
      s * 10 ** e
    ),
  );
  const matrices = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })).chain(
    ([rows, cols]) =>
      fc.array(element, { minLength: rows * cols, maxLength: rows * cols }).map((data) => ({
        shape: [rows, cols],
        data: Float64Array.from(data),
      })),
  );
  await fc.assert(fc.asyncProperty(matrices, async (values) => {
    await check({ device, dtype: "f64", matrix: asTensor(values, "f64"), values });
  }));
});

Deno.test("svd() finds singular values down to rounding of the largest, where AᵀA would not", async () => {
  using device = createReferenceDevice();
  const wanted = graded(60, 1e-12);
  const values = withSingularValues(75, 60, wanted, 1);
  const { singularValues } = await svd(asTensor(values, "f64"), { device });
  for (const [i, value] of singularValues.data.entries()) {
    assert(Math.abs(value - wanted[i]) <= allowed(values, "f64"), `value ${i}: ${value}`);
  }
});

Deno.test("svd() of a bidiagonal matrix is relatively exact, however small the values", async () => {
  // The product of the singular values is the determinant, here that of the diagonal; Demmel and
  // Kahan's sweeps keep all digits of both.
  using device = createReferenceDevice();
  const n = 12;
  const data = new Float64Array(n * n);
  let logarithm = 0;
  for (let i = 0; i < n; i++) {
    data[i * n + i] = 10 ** (-2 * i);
    logarithm += Math.log(data[i * n + i]);
    if (i + 1 < n) data[i * n + i + 1] = 10 ** (-2 * i) / 3;
  }
  const { singularValues } = await svd(asTensor({ shape: [n, n], data }, "f64"), { device });
  const found = valuesOf(singularValues).data.reduce((sum, value) => sum + Math.log(value), 0);
  assert(singularValues.data[n - 1] < 1e-21);
  assert(Math.abs(found - logarithm) <= 1e-12, `${found}, not ${logarithm}`);
});

Deno.test("svd() knows the singular values of the Hilbert matrix", async () => {
  using device = createReferenceDevice();
  const n = 6;
  const data = Float64Array.from({ length: n * n }, (_, i) => 1 / (Math.floor(i / n) + i % n + 1));
  const { singularValues } = await svd(asTensor({ shape: [n, n], data }, "f64"), { device });
  // Fettis and Caslin, Math. Comp. 21, 1967: eigenvalues of the 6 × 6 Hilbert matrix.
  const wanted = [
    1.6188998589243391,
    0.24236087057520955,
    1.6321521319875822e-2,
    6.1574835418265769e-4,
    1.2570757122625194e-5,
    1.0827994845655497e-7,
  ];
  for (const [i, value] of wanted.entries()) {
    assert(Math.abs(singularValues.data[i] - value) <= 4e-16, `${singularValues.data[i]}`);
  }
});

Deno.test("svd() turns the largest element of each left vector positive", async () => {
  using device = createReferenceDevice();
  for (const shape of [[20, 9], [9, 20], [12, 12]]) {
    const { u } = await svd(asTensor(randomValues(shape, 2, "f64"), "f64"), { device });
    const { data, shape: [rows, cols] } = transposed(valuesOf(u));
    for (let i = 0; i < rows; i++) {
      const column = data.slice(i * cols, (i + 1) * cols);
      assertEquals(Math.max(...column), Math.max(...column.map(Math.abs)));
    }
  }
});

Deno.test("svd() repeats itself and leaves its input be", async () => {
  using device = createReferenceDevice();
  for (const shape of [[45, 40], [35, 40]]) {
    await assertRepeats(randomValues(shape, 3, "f64"), (matrix) => svd(matrix, { device }));
  }
});

Deno.test("svd() refuses what it cannot factorize", () => assertRefusesBadMatrices(svd));
