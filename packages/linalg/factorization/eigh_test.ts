import { tensor } from "@pare/tensor";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { downloadF64 } from "../device.ts";
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
  frobenius,
  graded,
  scaled,
  scaledColumns,
  secondDifferences,
  SYMMETRIC,
  symmetric,
  times,
  withEigenvalues,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { eigh } from "./eigh.ts";
import { eighRows } from "./eigh_rows.ts";

async function check(sample: Sample): Promise<void> {
  const { device, dtype, matrix, values } = sample;
  const { values: eigenvalues, vectors } = await eigh(matrix, { device });
  const [n] = matrix.shape;
  assertEquals([eigenvalues.dtype, eigenvalues.shape], [dtype, [n]]);
  assertEquals([vectors.dtype, vectors.shape], [dtype, [n, n]]);
  assertFinite(eigenvalues, vectors);
  const v = valuesOf(vectors);
  assertOrthonormal(v, sample, "vectors");
  assertRestored(times(scaledColumns(v, eigenvalues.data), transposed(v)), values, dtype);
  assertEquals(eigenvalues.data.toSorted(), eigenvalues.data, "ascending");
  assertLargestPositive(v);
}

/** Fails unless the largest element of each column is positive. */
function assertLargestPositive({ shape: [rows, cols], data }: Values): void {
  for (let j = 0; j < cols; j++) {
    const column = Array.from({ length: rows }, (_, i) => data[i * cols + j]);
    const most = Math.max(...column.map(Math.abs));
    assertEquals(Math.abs(column.find((value) => Math.abs(value) === most) ?? NaN), most);
    assert((column.find((value) => Math.abs(value) === most) ?? 0) > 0, `column ${j}`);
  }
}

const LARGE_AND_SMALL = [1e150, 1e300, 1e-150, 1e-290].map((factor) =>
  [
    `scaled by ${factor}`,
    () => scaled(symmetric(randomValues([40, 40], 1, "f64")), factor),
  ] as const
);

/** The identity and one of rank one. */
function identityAndOne(n: number): Values {
  const one = randomValues([n, 1], 7, "f64");
  const { shape, data } = times(one, transposed(one));
  return { shape, data: data.map((value, i) => value + (i % (n + 1) === 0 ? 1 : 0)) };
}

/** What all but deflates, over several leaves of divide and conquer. */
const DEFLATING = [
  ["the identity and one of rank one", () => identityAndOne(75)],
  ["rank 2 of 90", () => withEigenvalues([1, -1, ...Array(88).fill(0)], 8)],
  ["graded over leaves", () => withEigenvalues(graded(110, 1e-300), 9)],
  [
    "two values over leaves",
    () => withEigenvalues([...Array(50).fill(1), ...Array(40).fill(2)], 10),
  ],
] as const;

testEach("eigh() reconstructs with orthonormal vectors", SYMMETRIC, check);
testEach("eigh() reconstructs what deflates", DEFLATING, check);
testEach("eigh() reconstructs what squares would overflow with", LARGE_AND_SMALL, check, ["f64"]);

testEach(
  "eigh() finds the values that ml-matrix finds",
  SYMMETRIC,
  async ({ device, matrix, values, dtype }) => {
    const [n] = matrix.shape;
    const { values: found } = await eigh(matrix, { device });
    const oracle = new EigenvalueDecomposition(Matrix.from1DArray(n, n, values.data), {
      assumeSymmetric: true,
    });
    const wanted = Float64Array.from(oracle.realEigenvalues).sort();
    // Weyl: eigenvalues move by no more than the matrix does; the oracle's errors are of f64.
    const bound = 2 * allowed(values, dtype) * frobenius(values);
    for (const [i, value] of wanted.entries()) {
      assert(
        Math.abs(found.data[i] - value) <= bound,
        `value ${i}: ${found.data[i]}, not ${value}`,
      );
    }
  },
);

testEach(
  "eigh() gives the vectors of the largest values alone",
  [...SYMMETRIC, ...DEFLATING],
  async (sample) => {
    const { device, dtype, matrix, values } = sample;
    const [n] = matrix.shape;
    const whole = await eigh(matrix, { device });
    for (const largest of new Set([0, 1, Math.ceil(n / 3), n - 1])) {
      const found = await eigh(matrix, { device, largest });
      assertEquals(found.values, whole.values);
      assertEquals([found.vectors.dtype, found.vectors.shape], [dtype, [n, largest]]);
      if (largest === 0) continue;
      const v = valuesOf(found.vectors);
      assertOrthonormal(v, sample, "vectors");
      assertLargestPositive(v);
      const residual = times(values, v);
      const scaled = scaledColumns(v, whole.values.data.slice(n - largest));
      residual.data.forEach((value, i) => residual.data[i] = value - scaled.data[i]);
      const bound = allowed(values, dtype) * frobenius(values);
      assert(frobenius(residual) <= bound, `${frobenius(residual)} is more than ${bound}`);
    }
  },
);

Deno.test("eigh() reconstructs sparse matrices of any size and scale", async () => {
  using device = createReferenceDevice();
  const element = fc.oneof(
    fc.constantFrom(0, 0, 0, 1, -1, 2),
    fc.tuple(fc.integer({ min: -320, max: 300 }), fc.constantFrom(1, -1)).map(([e, s]) =>
      s * 10 ** e
    ),
  );
  const matrices = fc.integer({ min: 1, max: 7 }).chain((n) =>
    fc.array(element, { minLength: n * n, maxLength: n * n }).map((data) =>
      symmetric({ shape: [n, n], data: Float64Array.from(data) })
    )
  );
  await fc.assert(fc.asyncProperty(matrices, async (values) => {
    await check({ device, dtype: "f64", matrix: asTensor(values, "f64"), values });
  }));
});

Deno.test("eigh() finds the known eigenvalues of second differences", async () => {
  using device = createReferenceDevice();
  const n = 99;
  const { values } = await eigh(asTensor(secondDifferences(n), "f64"), { device });
  for (const [i, value] of values.data.entries()) {
    const wanted = 2 - 2 * Math.cos((i + 1) * Math.PI / (n + 1));
    assert(
      Math.abs(value - wanted) <= 4 * allowed({ shape: [n], data: new Float64Array() }, "f64"),
    );
  }
});

Deno.test("eigh() finds the eigenvectors of well separated values", async () => {
  using device = createReferenceDevice();
  const wanted = graded(20, 1e-2).toReversed();
  const matrix = withEigenvalues(wanted, 3);
  const { values, vectors } = await eigh(asTensor(matrix, "f64"), { device });
  const applied = times(matrix, valuesOf(vectors));
  for (let j = 0; j < 20; j++) {
    assert(Math.abs(values.data[j] - wanted[j]) <= 1e-14);
    for (let i = 0; i < 20; i++) {
      const residual = applied.data[i * 20 + j] - wanted[j] * vectors.data[i * 20 + j];
      assert(Math.abs(residual) <= allowed(matrix, "f64"), `element ${i} of vector ${j}`);
    }
  }
});

Deno.test("eigh() reads the lower triangle alone", async () => {
  using device = createReferenceDevice();
  const values = symmetric(randomValues([40, 40], 4, "f64"));
  const halved = values.data.map((value, i) => i % 40 > Math.floor(i / 40) ? 7 : value);
  const whole = await eigh(asTensor(values, "f64"), { device });
  assertEquals(await eigh(asTensor({ shape: [40, 40], data: halved }, "f64"), { device }), whole);
});

Deno.test("eighRows() leaves vectors on the device, and frees the matrix", async () => {
  using device = createReferenceDevice();
  for (const factor of [1, 2 ** 400, 2 ** -400]) {
    const values = scaled(symmetric(randomValues([30, 30], 8, "f64")), factor);
    const lower = values.data.map((value, i) => i % 30 > Math.floor(i / 30) ? 0 : value);
    const matrix = device.upload(tensor(lower, [30, 30]));
    const found = await eighRows(device, matrix, { largest: 7 });
    assertThrows(() => device.transpose(matrix), TypeError);
    const whole = await eigh(tensor(values.data, [30, 30]), { device });
    const bound = allowed(values, "f64") * frobenius(values);
    for (const [i, value] of found.values.entries()) {
      assert(Math.abs(value - whole.values.data[i]) <= bound, `value ${i}`);
    }
    assert(found.vectors);
    const rows: Values = {
      shape: [7, 30],
      data: (await downloadF64(device, found.vectors)).data,
    };
    const sample = { values, dtype: "f64" } as const;
    assertOrthonormal(transposed(rows), sample, "vectors");
    const applied = times(rows, values);
    for (const [i, value] of rows.data.entries()) {
      const residual = applied.data[i] - found.values[23 + Math.floor(i / 30)] * value;
      assert(Math.abs(residual) <= bound, `element ${i}`);
    }
  }
});

Deno.test("eighRows() refuses matrices that are not finite or not square", async () => {
  using device = createReferenceDevice();
  const broken = device.upload(tensor(Float64Array.of(1, 0, NaN, 1), [2, 2]));
  await assertRejects(() => eighRows(device, broken), RangeError, "current largest one is NaN");
  const wide = device.zeros([2, 3], "f64");
  await assertRejects(() => eighRows(device, wide), RangeError, "must be [2, 2]");
  const none = await eighRows(device, device.zeros([3, 3], "f64"), { largest: 0 });
  assertEquals([none.vectors, [...none.values]], [null, [0, 0, 0]]);
});

Deno.test("eigh() of graded matrices keeps the digits of small values", async () => {
  // D (I + S) D with a tiny S is as good as diagonal: values relatively as exact as the diagonal.
  using device = createReferenceDevice();
  const n = 24;
  const factors = graded(n, 1e-8);
  const data = new Float64Array(n * n);
  const tiny = symmetric(randomValues([n, n], 5, "f64"));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      data[i * n + j] = ((i === j ? 1 : 0) + 1e-3 * tiny.data[i * n + j]) * factors[i] * factors[j];
    }
  }
  const { values } = await eigh(asTensor({ shape: [n, n], data }, "f64"), { device });
  for (const [i, value] of values.data.entries()) {
    const wanted = factors[n - 1 - i] ** 2;
    assert(Math.abs(value / wanted - 1) < 0.05, `value ${i}: ${value}, not ${wanted}`);
  }
});

Deno.test("eigh() repeats itself and leaves its input be", async () => {
  using device = createReferenceDevice();
  const values = symmetric(randomValues([40, 40], 6, "f64"));
  await assertRepeats(values, (matrix) => eigh(matrix, { device }));
});

Deno.test("eigh() refuses what it cannot factorize", async () => {
  await assertRefusesBadMatrices(eigh);
  const matrix = asTensor(randomValues([2, 3], 1, "f64"), "f64");
  await assertRejects(() => eigh(matrix), RangeError, "must be [2, 2]: current shape is [2, 3]");
  const square = asTensor(randomValues([3, 3], 1, "f64"), "f64");
  for (const largest of [-1, 4, 0.5]) {
    await assertRejects(() => eigh(square, { largest }), RangeError, "largest must be an integer");
  }
});
