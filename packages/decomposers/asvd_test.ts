import { createWasmDevice } from "@pare/linalg";
import { type ProductOperator, toDense } from "@pare/operators";
import { castTo, randomNormal, type Tensor, tensor, toF64 } from "@pare/tensor";
import {
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { asvd, type AsvdOptions } from "./asvd.ts";
import { svd } from "./svd.ts";
import { generate, norm, plus, random, randomLayer, statisticsOf } from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

/** A weight in f32 and statistics of inputs with a dead channel. */
function layer(rows: number, cols: number, tokens: number, seed: number) {
  const { a, x } = randomLayer(rows, cols, tokens, seed);
  const inputs = generate(cols, tokens, (i, t) => i === 6 ? 0 : x.data[i * tokens + t]);
  return { weight: castTo(a, "f32"), statistics: statisticsOf(inputs) };
}

/** ‖A - Ã‖ / ‖A‖. */
function lost(weight: Tensor, operator: ProductOperator): number {
  const a = toF64(weight);
  return norm(plus(a, toF64(toDense(operator)), -1)) / norm(a);
}

Deno.test("asvd() with α = 0, or a ridge beyond all inputs, is plain SVD", async () => {
  const { weight, statistics } = layer(12, 16, 30, 50);
  const options = { rank: 4, factorDtype: "f32", device } as const;
  const wanted = toF64(toDense(await svd(weight, options)));
  const same: readonly AsvdOptions[] = [
    { variant: "0", alpha: 0 },
    { variant: "0", ridge: 1e6 },
    { variant: "I", ridge: 1e6 },
    { variant: "II", ridge: 1e6 },
  ];
  for (const option of same) {
    const found = toDense(await asvd(weight, statistics, { ...options, ...option }));
    // Both factors are rounded to f32; what the inputs still weigh is 10⁻⁶ of the ridge.
    assertLessOrEqual(norm(plus(wanted, toF64(found), -1)), 1e-4 * norm(wanted));
  }
});

Deno.test("asvd() with a ridge lies between its own and plain SVD", async () => {
  const { weight, statistics } = layer(12, 16, 30, 51);
  const losses: number[] = [];
  for (const ridge of [0, 0.1, 1, 10, 1e6]) {
    const options = { rank: 5, ridge, factorDtype: "f32", device } as const;
    losses.push(lost(weight, await asvd(weight, statistics, options)));
  }
  assertEquals(losses.toSorted((a, b) => b - a), losses);
  assertNotEquals(losses[0], losses[2]);
});

Deno.test("asvd() variant 0 takes the statistic it is told, and nothing of channels that are zero", async () => {
  const { weight, statistics } = layer(9, 15, 30, 55);
  const run = (weight: Tensor, given: typeof statistics, statistic: "mean" | "max") =>
    asvd(weight, given, { variant: "0", statistic, rank: 3, factorDtype: "f32", device });
  const most = await run(weight, statistics, "max");
  assertEquals(most, await run(weight, { ...statistics, meanAbs: statistics.maxAbs }, "mean"));
  assertNotEquals(most, await run(weight, statistics, "mean"));
  // Channel 6 is dead.
  const loud = weight.data.map((value, i) => i % 15 === 6 ? 1000 * value : value);
  const other = await run({ ...weight, data: loud }, statistics, "max");
  assertEquals(other.left, most.left);
});

Deno.test("asvd() and svd() restore a matrix of lower rank than asked for", async () => {
  const { statistics } = layer(8, 8, 20, 52);
  const column = random(8, 1, 53);
  const row = random(1, 8, 54);
  const lowRank = [
    generate(8, 8, (i, j) => Math.round(8 * column.data[i]) * Math.round(8 * row.data[j])),
    // What is left after the first direction is exactly zero.
    generate(8, 8, (i, j) => i === 0 ? Math.fround(row.data[j]) : 0),
  ];
  for (const a of lowRank) {
    const weight = castTo(a, "f32");
    const options = { rank: 4, factorDtype: "f32", device } as const;
    const operators = [await svd(weight, options)];
    for (const variant of ["0", "I", "II"] as const) {
      operators.push(await asvd(weight, statistics, { ...options, variant }));
    }
    // Both factors are rounded to f32.
    for (const operator of operators) assertLessOrEqual(lost(weight, operator), 4 * 2 ** -24);
  }
});

Deno.test("asvd() and svd() restore zeros from zeros", async () => {
  const zeros = tensor(new Float32Array(6 * 8), [6, 8]);
  const none = statisticsOf(generate(8, 2, () => 0));
  assertEquals(toDense(await svd(zeros, { device })).data, zeros.data);
  for (const variant of ["0", "I", "II"] as const) {
    for (const ridge of [0, 1]) {
      const operator = await asvd(zeros, none, { variant, ridge, device });
      assertEquals(toDense(operator).data, zeros.data);
    }
  }
});

Deno.test("asvd() of inputs that were all zero is plain SVD", async () => {
  const weight = randomNormal([6, 8], { seed: 1 });
  const none = statisticsOf(generate(8, 2, () => 0));
  for (const variant of ["0", "I", "II"] as const) {
    assertEquals(await asvd(weight, none, { variant, device }), await svd(weight, { device }));
  }
});

Deno.test("svd() refuses factors that do not fit their dtype, and weights that are not finite", async () => {
  const large = tensor(Float32Array.of(1e5, 0, 0, 1), [2, 2]);
  await assertRejects(
    () => svd(large, { rank: 1, device }),
    RangeError,
    "Cannot store a factor as every number must be finite in f16: current value is",
  );
  const restored = toDense(await svd(large, { rank: 1, factorDtype: "bf16", device }));
  assertAlmostEquals(restored.data[0], 1e5, 2 ** -7 * 1e5);
  const broken = tensor(Float32Array.of(1, NaN, 0, 1), [2, 2]);
  await assertRejects(() => svd(broken, { rank: 1, device }), RangeError, "current value is NaN");
});

Deno.test("asvd() refuses statistics that are missing, of another width or not finite", async () => {
  const { weight, statistics } = layer(5, 7, 20, 60);
  await assertRejects(() => asvd(weight, null, { device }), TypeError, "current value is null");
  const other = layer(5, 8, 20, 60).statistics;
  await assertRejects(() => asvd(weight, other, { device }), RangeError, "[7, 7]");
  const gram = { ...statistics.gram, data: statistics.gram.data.with(8, NaN) };
  for (const variant of ["I", "II"] as const) {
    const broken = { ...statistics, gram };
    await assertRejects(() => asvd(weight, broken, { variant, device }), RangeError, "NaN");
  }
});
