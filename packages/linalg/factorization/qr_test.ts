import { assert, assertEquals } from "@std/assert";
import { tensor } from "@pare/tensor";
import { Matrix, QrDecomposition } from "ml-matrix";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { type Float, randomValues, type Values } from "../testing/device_case.ts";
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
import { allowed, distance, EXTREME, frobenius, RECTANGULAR, times } from "../testing/matrices.ts";
import { rectangle, transposed } from "../testing/oracle.ts";
import { qr } from "./qr.ts";

/** Fails unless r is zero below its diagonal and not negative on it. */
function assertTriangular({ shape: [rows, cols], data }: Values): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < Math.min(i, cols); j++) {
      assertEquals(data[i * cols + j], 0, `r[${i}, ${j}]`);
    }
    assert(data[i * cols + i] >= 0, `r[${i}, ${i}]`);
  }
}

async function check(sample: Sample): Promise<void> {
  const { device, dtype, matrix, values } = sample;
  const { q, r } = await qr(matrix, { device });
  const [rows, cols] = matrix.shape;
  const k = Math.min(rows, cols);
  assertEquals([q.dtype, q.shape], [dtype, [rows, k]]);
  assertEquals([r.dtype, r.shape], [dtype, [k, cols]]);
  assertFinite(q, r);
  assertTriangular(valuesOf(r));
  assertOrthonormal(valuesOf(q), sample, "columns of q");
  const bound = allowed(values, dtype);
  // Householder's method is right for every column by its own norm.
  const restored = transposed(times(valuesOf(q), valuesOf(r)));
  const wanted = transposed(values);
  for (let j = 0; j < cols; j++) {
    const [one, other] = [rectangle(restored, j, 0, 1, rows), rectangle(wanted, j, 0, 1, rows)];
    // f32 has no digits left below its normal numbers.
    if (dtype === "f32" && frobenius(other) < 1e-30) continue;
    assert(distance(one, other) <= bound, `column ${j}: ${distance(one, other)} > ${bound}`);
  }
}

testEach("qr() reconstructs every column with orthonormal ones", RECTANGULAR, check);
const BLOCKS = [[127, 140], [128, 128], [129, 129], [300, 161], [260, 33]].map(([rows, cols]) =>
  [`${rows} × ${cols}`, () => randomValues([rows, cols], rows, "f64")] as const
);
testEach("qr() reconstructs about the edges of blocks", BLOCKS, check);
testEach("qr() reconstructs what squares would overflow with", EXTREME, check, ["f64"]);

Deno.test("qr() of a matrix of full rank is unique, as ml-matrix finds it", async () => {
  const values = randomValues([40, 37], 1, "f64");
  using device = createReferenceDevice();
  const { r } = await qr(asTensor(values, "f64"), { device });
  const triangle = new QrDecomposition(Matrix.from1DArray(40, 37, values.data))
    .upperTriangularMatrix.to2DArray();
  // Signs are turned so that the diagonal is positive.
  const flat = triangle.flatMap((row, i) => row.map((value) => row[i] < 0 ? -value : value));
  const expected = { shape: [37, 37], data: Float64Array.from(flat) };
  // Both err by n eps times the condition, which is about 100 for so many random columns.
  assert(distance(valuesOf(r), expected) <= 100 * allowed(values, "f64"));
});

Deno.test("qr() of f32 computes in f32 and of f64 in f64", async () => {
  using device = createReferenceDevice();
  const values = randomValues([65, 65], 2, "f32");
  const errors: number[] = [];
  for (const dtype of ["f32", "f64"] as const satisfies readonly Float[]) {
    const { q, r } = await qr(asTensor(values, dtype), { device });
    errors.push(distance(times(valuesOf(q), valuesOf(r)), values));
  }
  assert(errors[0] > 1e-9 && errors[0] < 1e-5, `f32: ${errors[0]}`);
  assert(errors[1] < 1e-13, `f64: ${errors[1]}`);
});

Deno.test("qr() repeats itself, leaves its input be, and makes a device of its own", async () => {
  const values = randomValues([50, 35], 3, "f64");
  using device = createReferenceDevice();
  await assertRepeats(values, (matrix) => qr(matrix, { device }));
  const { r } = await qr(tensor(Float64Array.of(3, 4), [2, 1]));
  assertEquals(r.data, Float64Array.of(5));
});

Deno.test("qr() refuses what it cannot factorize", () => assertRefusesBadMatrices(qr));
