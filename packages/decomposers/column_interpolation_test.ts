import { createWasmDevice, qr } from "@pare/linalg";
import { tensor } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { nestedBasis } from "./basis.ts";
import {
  type ColumnInterpolation,
  interpolateColumns,
  interpolationOf,
  takeColumns,
} from "./column_interpolation.ts";
import { spread } from "./testing/interpolation.ts";
import {
  columns,
  generate,
  type Matrix,
  matrix,
  norm,
  plus,
  random,
  singularValues,
  statisticsOf,
  tail,
  times,
  transposed,
} from "./testing/matrices.ts";
import { A1 } from "./testing/vectors.ts";

const device = await createWasmDevice({ threads: 1 });

/** m < n, m = n, m > n; one column, all columns, all rows. */
const SHAPES: readonly [rows: number, cols: number, rank: number][] = [
  [9, 15, 4],
  [12, 12, 5],
  [40, 70, 17],
  [70, 40, 33],
  [6, 9, 6],
  [8, 5, 5],
  [5, 5, 5],
  [1, 7, 1],
  [7, 1, 1],
  [13, 11, 1],
];

/** D - D[:, J] Z. */
function remainder(d: Matrix, interpolation: ColumnInterpolation): Matrix {
  const z = spread(interpolation, d.shape[1]);
  return plus(d, times(takeColumns(d, interpolation.columns), z), -1);
}

function largest({ data }: Matrix): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The columns that are longest, one after another, once those before are projected out. */
function greedy(d: Matrix, rank: number): Uint32Array {
  const [rows, cols] = d.shape;
  const rest = Array.from({ length: cols }, (_, j) => Array.from(columns(d, j, 1).data));
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const chosen = Array.from({ length: rank }, () => {
    const lengths = rest.map((column) => dot(column, column));
    const pivot = lengths.indexOf(Math.max(...lengths));
    const unit = rest[pivot].map((value) => value / Math.sqrt(lengths[pivot]));
    for (const column of rest) {
      const along = dot(column, unit);
      for (let i = 0; i < rows; i++) column[i] -= along * unit[i];
    }
    return pivot;
  });
  return Uint32Array.from(chosen).sort();
}

for (const [index, [rows, cols, rank]] of SHAPES.entries()) {
  const label = `${rows}×${cols} by ${rank}`;
  const d = random(rows, cols, index);

  Deno.test(`interpolateColumns() makes the least of the longest columns: ${label}`, async () => {
    const interpolation = await interpolateColumns(d, rank, device);
    assertEquals(interpolation.columns.data, greedy(d, rank));
    assertEquals(interpolation.rest?.shape, rank < cols ? [rank, cols - rank] : undefined);
    const rest = remainder(d, interpolation);
    // T solves least squares, so that what is left is orthogonal to the columns: both are products
    // of sums of `rows` terms, of T that pivoting keeps small.
    const chosen = takeColumns(d, interpolation.columns);
    const slack = 100 * Math.max(rows, cols) * Number.EPSILON * norm(d);
    assertLessOrEqual(norm(times(transposed(chosen), rest)), slack * norm(d));
    const least = tail(await singularValues(d, device), rank);
    assert(norm(rest) >= least - slack && norm(rest) <= norm(d), `${norm(rest)} for ${least}`);
    if (rank === rows) assertLessOrEqual(norm(rest), slack);
    if (interpolation.rest) assertLessOrEqual(largest(interpolation.rest), 10);
  });
}

Deno.test("interpolateColumns() reproduces what has fewer columns than asked for", async () => {
  const d = times(random(8, 3, 1), random(3, 12, 2));
  const interpolation = await interpolateColumns(d, 6, device);
  const { columns: { data: chosen }, rest } = interpolation;
  assertEquals(new Set(chosen).size, 6);
  assert(rest !== null);
  assertEquals(rest.shape, [6, 6]);
  const used = Array.from({ length: 6 }, (_, i) => rest.data.subarray(6 * i, 6 * i + 6))
    .filter((row) => row.some((value) => value !== 0));
  assertEquals(used.length, 3);
  assertLessOrEqual(largest(rest), 10);
  assertLessOrEqual(norm(remainder(d, interpolation)), 1e-13 * norm(d));
});

Deno.test("interpolateColumns() takes any columns of zeros", async () => {
  const zeros = generate(4, 6, () => 0);
  const { columns: { data: chosen }, rest } = await interpolateColumns(zeros, 3, device);
  assertEquals(new Set(chosen).size, 3);
  assertEquals(rest, generate(3, 3, () => 0));
});

Deno.test("interpolationOf() puts rows and columns into ascending order", async () => {
  // R [:, j] is column permutation[j]: 3 and 1 make up 0, 2 and 4.
  const r = matrix([[2, 4, 2, 6, 8], [0, 2, 4, 2, 6]]);
  const permutation = tensor(Uint32Array.of(3, 1, 4, 0, 2), [5], "u32");
  const { columns, rest } = await interpolationOf(r, permutation, device);
  assertEquals(columns, tensor(Uint32Array.of(1, 3), [2], "u32"));
  // T₁₁⁻¹ T₁₂ = [[-3, 1, -2], [2, 1, 3]], rows for 3 and 1, columns for 4, 0 and 2.
  assertEquals(rest, matrix([[1, 3, 2], [1, -2, -3]]));
});

Deno.test("interpolationOf() meets V1: two columns of ASVD-I make up the third", async () => {
  const a = A1;
  const x = matrix([[4, -4, 2, 0, 1], [1, 1, 0, 2, -1], [0, 1, -1, 0, 1]]);
  const basis = await nestedBasis(a, [{ gram: statisticsOf(x).gram, rank: 2 }], device);
  const { r } = await qr(times(transposed(basis), a), { device });
  const asTheyAre = tensor(Uint32Array.of(0, 1, 2), [3], "u32");
  const { rest } = await interpolationOf(r, asTheyAre, device);
  assert(rest !== null);
  assertAlmostEquals(rest.data[0], -1.470837, 5e-7);
  assertAlmostEquals(rest.data[1], 1.870053, 5e-7);
});
