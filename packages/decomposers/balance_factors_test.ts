import { createWasmDevice } from "@pare/linalg";
import { toDense } from "@pare/operators";
import { rtn } from "@pare/quantizers";
import { toF32, toF64 } from "@pare/tensor";
import { assertAlmostEquals, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { balanceFactors, balanceLeft } from "./balance_factors.ts";
import { nestedBasis } from "./basis.ts";
import type { Factors } from "./factors.ts";
import { refitFactors } from "./refit_left.ts";
import {
  columns,
  generate,
  type Matrix,
  matrix,
  norm,
  plus,
  random,
  randomLayer,
  times,
  transposed,
} from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

/** ‖l_j‖² and r_j H r_jᵀ of each column and row. */
function weights({ left, right }: Factors, gram: Matrix | null): [left: number, right: number][] {
  const [rows, rank] = left.shape;
  const n = right.shape[1];
  const mean = gram ? gram.data.reduce((sum, v, e) => e % (n + 1) ? sum : sum + v, 0) / n : 1;
  const h = generate(n, n, (i, j) => (i === j ? 1 : 0) + (gram?.data[i * n + j] ?? 0) / mean);
  const product = times(times(right, h), transposed(right));
  return Array.from({ length: rank }, (_, j) => {
    const column = Array.from({ length: rows }, (_, i) => left.data[i * rank + j]);
    return [column.reduce((sum, v) => sum + v * v, 0), product.data[j * (rank + 1)]];
  });
}

for (const [name, hasGram] of [["with a Gram matrix", true], ["without one", false]] as const) {
  Deno.test(`balanceFactors() makes columns and rows weigh the same, ${name}`, async () => {
    const { a, x } = randomLayer(9, 12, 40, 1);
    const gram = hasGram ? times(x, transposed(x)) : null;
    const factors = { left: random(9, 4, 2), right: times(random(4, 9, 3), a) };
    const balanced = await balanceFactors(factors, gram, device);
    for (const [left, right] of weights(balanced, gram)) {
      // d is a fourth root: what weighs the same are squares.
      assertAlmostEquals(left / right, 1, 1e-12);
    }
    const change = plus(
      times(balanced.left, balanced.right),
      times(factors.left, factors.right),
      -1,
    );
    assertLessOrEqual(norm(change), 1e-14 * norm(factors.left) * norm(factors.right));
  });
}

Deno.test("balanceFactors() leaves columns and rows of zeros", async () => {
  const left = generate(3, 3, (i, j) => j === 0 ? 0 : i + j);
  const right = generate(3, 4, (i, j) => i === 1 ? 0 : i - j + 0.5);
  for (const gram of [null, generate(4, 4, () => 0)]) {
    const balanced = await balanceFactors({ left, right }, gram, device);
    // Only the last column and row have something to share.
    for (let j = 0; j < 2; j++) {
      assertEquals(columns(balanced.left, j, 1), columns(left, j, 1));
      assertEquals(balanced.right.data.slice(4 * j, 4 * j + 4), right.data.slice(4 * j, 4 * j + 4));
    }
    const change = plus(times(balanced.left, balanced.right), times(left, right), -1);
    assertLessOrEqual(norm(change), 1e-14 * norm(left) * norm(right));
  }
});

Deno.test("balanceLeft() balances L with scales of f16", async () => {
  const { a, x } = randomLayer(9, 12, 40, 4);
  const gram = times(x, transposed(x));
  const factors = { left: random(9, 4, 5), right: times(random(4, 9, 6), a) };
  const { left, scales } = await balanceLeft(factors, gram, device);
  const inverse = toF32(scales).data;
  const right = generate(4, 12, (i, j) => inverse[i] * factors.right.data[12 * i + j]);
  for (const [column, row] of weights({ left, right }, gram)) {
    // A scale is rounded to f16 and counts four times: twice, squared, in either weight.
    assertAlmostEquals(column / row, 1, 5 * 2 ** -11);
  }
  const back = generate(9, 4, (i, j) => inverse[j] * left.data[4 * i + j]);
  assertLessOrEqual(norm(plus(back, factors.left, -1)), 1e-15 * norm(factors.left));
});

Deno.test("balanceLeft() leaves columns alone that f16 has no scale for", async () => {
  const left = matrix([[1, 0, 1e-30], [2, 0, 1e-30]]);
  const right = matrix([[0, 0, 0], [1, 2, 3], [4, 5, 6]]);
  const balanced = await balanceLeft({ left, right }, null, device);
  assertEquals(balanced.left, left);
  assertEquals([...toF32(balanced.scales).data], [1, 1, 1]);
});

Deno.test("balanceFactors() makes quantized factors lose less where a few channels are loud", async () => {
  let [plain, balanced] = [0, 0];
  for (let seed = 0; seed < 6; seed++) {
    const { a, x: quiet } = randomLayer(24, 32, 80, seed);
    const x = generate(32, 80, (i, t) => (i % 11 === 5 ? 15 : 1) * quiet.data[80 * i + t]);
    const gram = times(x, transposed(x));
    const basis = await nestedBasis(a, [{ gram, rank: 12 }], device);
    const factors = { left: basis, right: times(transposed(basis), a) };
    const added = async ({ left, right }: Factors) => {
      const options = { bits: 4, partialGroups: true };
      const storedRight = toF64(toDense(rtn(toF32(right), options)));
      const fitted = await refitFactors({ left, right: storedRight }, a, gram, device);
      const storedLeft = toF64(toDense(rtn(toF32(fitted), options)));
      return (lossOf(a, times(storedLeft, storedRight), x) ** 2 -
        lossOf(a, times(left, right), x) ** 2) / norm(times(a, x)) ** 2;
    };
    plain += await added(factors);
    balanced += await added(await balanceFactors(factors, gram, device));
  }
  assertLess(balanced, 0.6 * plain);
});

function lossOf(a: Matrix, product: Matrix, x: Matrix): number {
  return norm(times(plus(a, product, -1), x));
}
