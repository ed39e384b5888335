import { createWasmDevice } from "@pare/linalg";
import {
  byteLengthOf,
  nodeOf,
  type Operator,
  type ProductOperator,
  toDense,
} from "@pare/operators";
import { randomNormal, type Tensor, toF64 } from "@pare/tensor";
import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { takeColumns } from "./column_interpolation.ts";
import { joinFactors, type Junction } from "./junction.ts";
import { rankOf } from "./rank.ts";
import { planSvd, svd } from "./svd.ts";
import { spread } from "./testing/interpolation.ts";
import {
  generate,
  type Matrix,
  norm,
  plus,
  random,
  singularValues,
  tail,
  times,
} from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

/** L' Z. */
function product(junction: Junction, cols: number): Matrix {
  return times(junction.left, spread(junction, cols));
}

function errorOf(operator: Operator, weight: Tensor): number {
  return norm(plus(toF64(weight), toF64(toDense(operator)), -1));
}

/** What rounding L' and T to f32 and their product once more can add to an error. */
function roundings({ right }: ProductOperator, weight: Tensor): number {
  // |δL'| |Z| + |L'| |δT| are 2⁻²⁴ ‖L'‖ ‖Z‖ each, and L' are columns of what stands for A.
  return 2 ** -24 * norm(toF64(weight)) * (2 * norm(toF64(toDense(right))) + 1);
}

/** Shapes with k < n and k = n; m on either side of both. */
const SHAPES: readonly [rows: number, rank: number, cols: number][] = [
  [12, 5, 9],
  [4, 4, 20],
  [3, 8, 30],
  [20, 7, 7],
  [30, 16, 40],
  [6, 1, 1],
  [1, 1, 9],
];

for (const [index, [rows, rank, cols]] of SHAPES.entries()) {
  Deno.test(`joinFactors() leaves the product as it is: ${rows}×${rank}×${cols}`, async () => {
    const left = random(rows, rank, index, 1);
    const right = random(rank, cols, index, 2);
    const junction = await joinFactors({ left, right }, device);
    const whole = times(left, right);
    // QR, the solve and the products each err by some multiple of k ε of what they are made of.
    const slack = 100 * (rank + cols) * Number.EPSILON * norm(left) * norm(right);
    assertLessOrEqual(norm(plus(product(junction, cols), whole, -1)), slack);
    assertLessOrEqual(
      norm(plus(junction.left, takeColumns(whole, junction.columns), -1)),
      slack,
    );
  });
}

Deno.test("joinFactors() takes rows that depend on one another, or are zeros", async () => {
  const left = random(10, 6, 1);
  const mixed = times(random(6, 3, 2), random(3, 14, 3));
  const withZeros = generate(6, 14, (i, j) => i < 4 ? mixed.data[i * 14 + j] : 0);
  for (const right of [mixed, withZeros, generate(6, 14, () => 0)]) {
    const junction = await joinFactors({ left, right }, device);
    assertEquals(new Set(junction.columns.data).size, 6);
    const error = norm(plus(product(junction, 14), times(left, right), -1));
    assertLessOrEqual(error, 1e-13 * norm(left) * norm(right));
  }
});

Deno.test("a junction has the larger rank and the smaller error for the same numbers", async () => {
  const weight = randomNormal([48, 64], { seed: 3 });
  const [factors, junction] = await Promise.all(
    (["factors", "junction"] as const).map((storage) =>
      svd(weight, { keep: 0.8, storage, factorDtype: "f32", device })
    ),
  );
  const ranks = [factors, junction].map(({ left }) => left.shape[1]);
  assertEquals(ranks, [21, 29]);
  const numbers = 29 * (48 + 64) - 29 ** 2;
  assertEquals(byteLengthOf(junction), 4 * numbers + 64 / 8);
  const sigma = await singularValues(toF64(weight), device);
  assertLessOrEqual(
    Math.abs(errorOf(junction, weight) - tail(sigma, 29)),
    roundings(junction, weight),
  );
  assertLess(errorOf(junction, weight), tail(sigma, 28));
  assertLess(tail(sigma, 28), errorOf(factors, weight));
});

Deno.test("a junction of full rank is the matrix, and as large", async () => {
  for (const [rows, cols] of [[5, 9], [9, 5], [6, 6]] as const) {
    const weight = randomNormal([rows, cols], { seed: 4 });
    const options = { keep: 1, storage: "junction", factorDtype: "f32" } as const;
    assertEquals(rankOf([rows, cols], options), Math.min(rows, cols));
    const operator = await svd(weight, { ...options, device });
    assertEquals(nodeOf(operator), planSvd([rows, cols], options));
    assertEquals(byteLengthOf(operator), 4 * rows * cols + Math.ceil(cols / 8));
    assertLessOrEqual(errorOf(operator, weight), roundings(operator, weight));
  }
});
