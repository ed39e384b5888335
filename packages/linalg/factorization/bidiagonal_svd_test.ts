import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { randomValues, type Values } from "../testing/device_case.ts";
import {
  allowed,
  departure,
  distance,
  frobenius,
  graded,
  scaledColumns,
  times,
} from "../testing/matrices.ts";
import { transposed } from "../testing/oracle.ts";
import { bidiagonalSvd } from "./bidiagonal_svd.ts";

type Band = readonly [d: Float64Array, e: Float64Array];

/** Sizes of one leaf, of one merge and of several, with halves of one size and of two. */
const SIZES = [1, 2, 3, 31, 32, 33, 34, 65, 66, 67, 130, 200];

const BANDS: readonly (readonly [name: string, band: (n: number) => Band])[] = [
  ["random", (n) => [random(n, 1), random(n - 1, 2)]],
  ["of ones", (n) => [filled(n, 1), filled(n - 1, 1)]],
  ["the identity", (n) => [filled(n, 1), filled(n - 1, 0)]],
  ["the identity but for 1e-9", (n) => [filled(n, 1), filled(n - 1, 1e-9)]],
  ["zero", (n) => [filled(n, 0), filled(n - 1, 0)]],
  ["zero on the diagonal", (n) => [filled(n, 0), random(n - 1, 3)]],
  ["zero here and there", (n) => [some(random(n, 4), 3), some(random(n - 1, 5), 5)]],
  ["zero in half its rows", (n) => [
    random(n, 4).map((value, i) => i < n / 2 ? 0 : value),
    random(n - 1, 5).map((value, i) => i < n / 2 ? 0 : value),
  ]],
  ["graded downwards to 1e-300", (n) => gradedBand(n)],
  ["graded upwards from 1e-300", (n) => {
    const [d, e] = gradedBand(n);
    return [d.toReversed(), e.toReversed()];
  }],
  ["of 1 and 1e-8 by turns", (n) => [byTurns(n), byTurns(n - 1)]],
  ["with pairs that nearly agree", (n) => [
    Float64Array.from({ length: n }, (_, i) => Math.abs(i - (n - 1) / 2)),
    filled(n - 1, 1),
  ]],
  ["huge", (n) => [random(n, 6).map((v) => v * 1e300), random(n - 1, 7).map((v) => v * 1e300)]],
  ["tiny", (n) => [random(n, 6).map((v) => v * 1e-290), random(n - 1, 7).map((v) => v * 1e-290)]],
];

function random(n: number, seed: number): Float64Array {
  return n < 1 ? new Float64Array(0) : randomValues([n], seed, "f64").data;
}

function filled(n: number, value: number): Float64Array {
  return new Float64Array(n).fill(value);
}

function some(values: Float64Array, period: number): Float64Array {
  return values.map((value, i) => i % period ? value : 0);
}

function gradedBand(n: number): Band {
  const d = Float64Array.from(graded(n, 1e-300));
  return [d, d.slice(1).map((value) => value / 3)];
}

function byTurns(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => i % 2 ? 1 : 1e-8);
}

/** Divides by a power of two that keeps squares within f64. */
function matrixOf([d, e]: Band): { matrix: Values; factor: number } {
  const n = d.length;
  const largest = [...d, ...e].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const factor = largest === 0 ? 1 : 2 ** -Math.floor(Math.log2(largest));
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    data[i * n + i] = d[i] * factor;
    if (i + 1 < n) data[i * n + i + 1] = e[i] * factor;
  }
  return { matrix: { shape: [n, n], data }, factor };
}

async function check(band: Band): Promise<void> {
  using device = createReferenceDevice();
  const n = band[0].length;
  const parts = await bidiagonalSvd("Cannot test", device, ...band);
  const read = async (array: typeof parts.left) => {
    assertEquals([array.dtype, array.shape], ["f64", [n, n]]);
    const { data } = await device.download(array);
    return { shape: array.shape, data: data as Float64Array<ArrayBuffer> };
  };
  const [left, right] = [await read(parts.left), await read(parts.right)];
  const { matrix, factor } = matrixOf(band);
  assertEquals(parts.values.length, n);
  assert(parts.values.every((value) => value >= 0));
  const scaled = scaledColumns(transposed(left), parts.values.map((value) => value * factor));
  const error = distance(times(scaled, right), matrix);
  assert(error <= allowed(matrix, "f64"), `restored to ${error}`);
  for (const vectors of [left, right]) {
    const bound = allowed(matrix, "f64") * Math.sqrt(n);
    assert(departure(transposed(vectors)) <= bound, `orthonormal to ${departure(vectors)}`);
  }
}

for (const [name, make] of BANDS) {
  Deno.test(`bidiagonalSvd() restores a matrix ${name}, with orthonormal vectors`, async () => {
    for (const n of SIZES) await check(make(n));
  });
}

Deno.test("bidiagonalSvd() restores matrices of zeros, repeated and far numbers", async () => {
  const element = fc.constantFrom(0, 0, 1, 1, -1, 2, 1e-17, 1e-8, 1e-160, -3e100);
  const bands = fc.integer({ min: 33, max: 70 }).chain((n) =>
    fc.tuple(
      fc.array(element, { minLength: n, maxLength: n }),
      fc.array(element, { minLength: n - 1, maxLength: n - 1 }),
    )
  );
  await fc.assert(
    fc.asyncProperty(bands, ([d, e]) => check([Float64Array.from(d), Float64Array.from(e)])),
    { numRuns: 60 },
  );
});

Deno.test("bidiagonalSvd() finds known singular values across merges", async () => {
  using device = createReferenceDevice();
  const n = 101;
  const { values } = await bidiagonalSvd("Cannot test", device, filled(n, 1), filled(n - 1, 1));
  const found = values.toSorted().toReversed();
  for (const [i, value] of found.entries()) {
    // B Bᵀ is 2 and 1 but for its last element: values 2 cos(iπ/(2n + 1)), from i = 1.
    const wanted = 2 * Math.cos((i + 1) * Math.PI / (2 * n + 1));
    const bound = allowed({ shape: [n], data: values }, "f64") *
      frobenius({ shape: [n], data: found });
    assert(Math.abs(value - wanted) <= bound, `value ${i}: ${value}, not ${wanted}`);
  }
});
