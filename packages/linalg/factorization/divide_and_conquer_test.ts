import { assert, assertEquals } from "@std/assert";
import type { Device } from "../device.ts";
import { createReferenceDevice } from "../reference/reference_device.ts";
import { type Float, randomValues, type Values } from "../testing/device_case.ts";
import { createSinglePrecisionDevice } from "../testing/factorization_cases.ts";
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
import { createWasmDevice } from "../wasm/wasm_device.ts";
import { divideAndConquer } from "./divide_and_conquer.ts";
import { fetch } from "./matrix.ts";
import { tridiagonalQr } from "./tridiagonal_qr.ts";

type Tridiagonal = readonly [diagonal: readonly number[], beside: readonly number[]];

function random(n: number, seed: number): Tridiagonal {
  const { data } = randomValues([2 * n - 1], seed, "f64");
  return [[...data.slice(0, n)], [...data.slice(n)]];
}

/** Wilkinson's matrix, whose largest eigenvalues come in pairs, again and again with `glue` between. */
function gluedWilkinson(size: number, copies: number, glue: number): Tridiagonal {
  const diagonal = Array.from(
    { length: size * copies },
    (_, i) => Math.abs(i % size - (size - 1) / 2),
  );
  const beside = Array.from(
    { length: size * copies - 1 },
    (_, i) => (i + 1) % size === 0 ? glue : 1,
  );
  return [diagonal, beside];
}

const constant = (n: number, value: number) => Array<number>(n).fill(value);

/** The graded matrix of a chain: every element beside the diagonal half the mean of its neighbours. */
function gradedChain(n: number, last: number): Tridiagonal {
  const d = graded(n, last);
  return [d, d.slice(1).map((value, i) => Math.sqrt(value) * Math.sqrt(d[i]) / 2)];
}

const MATRICES: readonly (readonly [name: string, make: () => Tridiagonal])[] = [
  // Around a leaf, and around two.
  ...[1, 2, 3, 23, 24, 25, 47, 48, 49, 50, 97, 150].map((n) =>
    [`random, ${n}`, () => random(n, n)] as const
  ),
  ["zero", () => [constant(60, 0), constant(59, 0)]],
  ["the identity", () => [constant(60, 1), constant(59, 0)]],
  ["diagonal", () => [graded(60, 1e-300), constant(59, 0)]],
  ["ones beside zeros", () => [constant(101, 0), constant(100, 1)]],
  ["second differences", () => [constant(120, 2), constant(119, -1)]],
  ["glued with 1e-14", () => gluedWilkinson(21, 5, 1e-14)],
  ["glued with 1e-8", () => gluedWilkinson(21, 5, 1e-8)],
  ["glued with 1", () => gluedWilkinson(21, 5, 1)],
  ["equal but for one cut", () => [constant(64, 3), constant(63, 0).with(31, -1e-3)]],
  ["falls apart off the middle", () => [random(90, 1)[0], constant(89, 1).with(12, 0)]],
  ["graded down to 1e-300", () => gradedChain(100, 1e-300)],
  ["graded up from 1e-300", () => {
    const [d, e] = gradedChain(100, 1e-300);
    return [d.toReversed(), e.toReversed()];
  }],
  [
    "tiny beside large",
    () => [[...constant(50, 1e-250), ...constant(50, 1)], constant(99, 1e-260)],
  ],
  ["all tiny", () => {
    const [d, e] = random(80, 5);
    return [d.map((value) => value * 1e-280), e.map((value) => value * 1e-280)];
  }],
  ["negligible elements", () => [constant(70, 1), random(69, 2)[0].map((value) => value * 1e-17)]],
];

function dense([diagonal, beside]: Tridiagonal): Values {
  const n = diagonal.length;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    data[i * n + i] = diagonal[i];
    if (i > 0) data[i * n + i - 1] = data[(i - 1) * n + i] = beside[i - 1];
  }
  return { shape: [n, n], data };
}

async function check(device: Device, dtype: Float, matrix: Tridiagonal): Promise<void> {
  const n = matrix[0].length;
  const d = Float64Array.from(matrix[0]);
  const e = Float64Array.from(matrix[1]);
  const found = await divideAndConquer("Cannot test", device, dtype, d, e);
  assert(found.rows);
  const rows = { shape: [n, n], data: await fetch(device, found.rows) };
  const wanted = dense(matrix);
  const bound = allowed(wanted, dtype);
  const vectors = transposed(rows);
  // Departures from orthonormal columns are norms of n columns.
  assert(departure(vectors) <= Math.sqrt(n) * bound, `orthonormal to ${departure(vectors)}`);
  const error = distance(times(scaledColumns(vectors, found.values), rows), wanted);
  assert(error <= bound, `restored to ${error}, not to ${bound}`);
  for (let i = 0; i < n; i++) {
    // Each merge adds a rounding of dtype to the rows that the host keeps in f64.
    assert(Math.abs(found.first[i] - rows.data[i * n]) <= bound, `first element of vector ${i}`);
    assert(Math.abs(found.last[i] - rows.data[i * n + n - 1]) <= bound, `last element of ${i}`);
  }
  const values = Float64Array.from(found.order, (i) => found.values[i]);
  assertEquals(values.toSorted(), values, "ascending");
  const known = Float64Array.from(matrix[0]);
  tridiagonalQr("Cannot test", known, Float64Array.from(matrix[1]), () => {});
  for (const [i, value] of known.sort().entries()) {
    // Both move by no more than rounding does the matrix (Weyl), whatever the dtype of the vectors.
    const off = Math.abs(values[i] - value);
    assert(off <= 2 * allowed(wanted, "f64") * frobenius(wanted), `value ${i} is off by ${off}`);
  }
}

const wasm = await createWasmDevice({ threads: 2 });
Deno.test.afterAll(() => wasm[Symbol.dispose]());

for (const [name, make] of MATRICES) {
  Deno.test(`divideAndConquer() takes every tridiagonal matrix apart: ${name}`, async () => {
    using reference = createReferenceDevice();
    using single = createSinglePrecisionDevice();
    await check(reference, "f64", make());
    await check(wasm, "f64", make());
    await check(wasm, "f32", make());
    await check(single, "f32", make());
  });
}

Deno.test("divideAndConquer() gives the same bits whatever the number of threads", async () => {
  const results = [];
  for (const threads of [1, 3]) {
    using device = await createWasmDevice({ threads });
    const [d, e] = random(400, 3);
    const [diagonal, beside] = [Float64Array.from(d), Float64Array.from(e)];
    const { values, rows } = await divideAndConquer("Cannot test", device, "f64", diagonal, beside);
    assert(rows);
    results.push([values, await fetch(device, rows)]);
  }
  assertEquals(results[0], results[1]);
});
