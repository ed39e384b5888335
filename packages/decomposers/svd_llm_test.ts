import { createWasmDevice } from "@pare/linalg";
import { type ProductOperator, type Statistics, toDense } from "@pare/operators";
import { type Tensor, toF32, toF64 } from "@pare/tensor";
import { assert, assertLessOrEqual, assertRejects } from "@std/assert";
import { asvd } from "./asvd.ts";
import { svdLlm } from "./svd_llm.ts";
import {
  generate,
  type Matrix,
  norm,
  plus,
  random,
  randomLayer,
  statisticsOf,
  times,
} from "./testing/matrices.ts";

const device = await createWasmDevice({ threads: 1 });

const SHAPES: readonly [rows: number, cols: number, tokens: number, rank: number][] = [
  [9, 15, 60, 4],
  [12, 12, 40, 5],
  [16, 9, 50, 4],
  [14, 8, 30, 1],
  // Fewer tokens than channels: both Gram matrices are singular.
  [10, 14, 6, 5],
];

/** What compressed blocks make of inputs: other numbers, and channel 3 is lost. */
function disturbed(x: Matrix, seed: number): Matrix {
  const [cols, tokens] = x.shape;
  const noise = times(random(cols, cols, seed, 7), x);
  return generate(cols, tokens, (i, t) => {
    const e = i * tokens + t;
    return i === 3 ? 0 : x.data[e] + 0.1 * noise.data[e];
  });
}

function bothOf(x: Matrix, behind: Matrix): Statistics {
  const { tokens, gram } = statisticsOf(behind);
  return { ...statisticsOf(x), compressed: { tokens, gram } };
}

function run(a: Matrix, statistics: Statistics, rank: number): Promise<ProductOperator> {
  return svdLlm(toF32(a), statistics, { rank, factorDtype: "f32", device });
}

/** ‖(A - Ã) X‖_F. */
function lossOf(a: Matrix, operator: ProductOperator | Tensor, x: Matrix): number {
  const dense = toF64("form" in operator ? toDense(operator) : operator);
  return norm(times(plus(a, dense, -1), x));
}

for (const [index, [rows, cols, tokens, rank]] of SHAPES.entries()) {
  const label = `${rows}×${cols}, ${tokens} tokens, rank ${rank}`;
  const { a, x } = randomLayer(rows, cols, tokens, 70 + index);
  const behind = disturbed(x, 80 + index);
  // Both factors and their product are rounded to f32.
  const rounding = 4 * 2 ** -24 * Math.sqrt(rank);

  Deno.test(`svdLlm() is activation-aware SVD where no block changed the inputs (T8): ${label}`, async () => {
    const options = { rank, factorDtype: "f32", device } as const;
    const updated = toF64(toDense(await run(a, bothOf(x, x), rank)));
    const plain = toF64(toDense(await asvd(toF32(a), statisticsOf(x), options)));
    assertLessOrEqual(norm(plus(updated, plain, -1)), 2 * rounding * norm(a));
  });

  Deno.test(`svdLlm() loses less of what the layer really reads: ${label}`, async () => {
    const options = { rank, factorDtype: "f32", device } as const;
    const plain = await asvd(toF32(a), statisticsOf(x), options);
    const updated = await run(a, bothOf(x, behind), rank);
    const [before, after] = [lossOf(a, plain, behind), lossOf(a, updated, behind)];
    assert(after < 0.99 * before, `${after}, was ${before}`);
  });

  Deno.test(`svdLlm() leaves nothing that another left factor would gain: ${label}`, async () => {
    const { left, right } = await run(a, bothOf(x, behind), rank);
    const [l, r] = [toF64(toDense(left)), toF64(toDense(right))];
    const best = lossOf(a, toF32(times(l, r)), behind);
    for (let seed = 0; seed < 20; seed++) {
      const other = plus(l, random(rows, rank, 100 + seed), 10 ** -(seed % 4));
      const found = norm(times(plus(a, times(other, r), -1), behind));
      assertLessOrEqual(best, found + rounding * norm(a) * norm(behind));
    }
  });
}

Deno.test("svdLlm() aims at the weight on the inputs of the compressed model, not at the old outputs", async () => {
  // The compressed model doubles its inputs; the layer must not halve itself to make up for it.
  const { a, x } = randomLayer(8, 8, 40, 90);
  const doubled = await run(a, bothOf(x, plus(x, x)), 4);
  const same = await run(a, bothOf(x, x), 4);
  const difference = plus(toF64(toDense(doubled)), toF64(toDense(same)), -1);
  assertLessOrEqual(norm(difference), 16 * 2 ** -24 * norm(a));
});

Deno.test("svdLlm() with a large ridge is plain SVD", async () => {
  const { a, x } = randomLayer(8, 10, 40, 91);
  const statistics = bothOf(x, disturbed(x, 92));
  const lost = async (ridge: number) => {
    const options = { rank: 3, factorDtype: "f32", ridge, device } as const;
    return norm(plus(a, toF64(toDense(await svdLlm(toF32(a), statistics, options))), -1));
  };
  const identity = generate(10, 10, (i, j) => i === j ? 1 : 0);
  const plain = lossOf(
    a,
    await asvd(toF32(a), statisticsOf(identity), { rank: 3, factorDtype: "f32", device }),
    identity,
  );
  const [none, large] = [await lost(0), await lost(1e6)];
  assertLessOrEqual(large, plain * (1 + 1e-4));
  assert(none > 1.05 * plain, `${none}, plain ${plain}`);
});

Deno.test("svdLlm() refuses statistics that are missing or of another width", async () => {
  const { a, x } = randomLayer(6, 6, 20, 93);
  const weight = toF32(a);
  await assertRejects(
    () => svdLlm(weight, null, { device }),
    TypeError,
    "must be given: current value is null",
  );
  await assertRejects(
    () => svdLlm(weight, statisticsOf(x), { device }),
    TypeError,
    "Cannot decompose by SVD-LLM as statistics of the inputs behind compressed blocks must be " +
      "given: current value is undefined",
  );
  const narrow = statisticsOf(randomLayer(6, 5, 20, 94).x);
  await assertRejects(
    () => svdLlm(weight, { ...statisticsOf(x), compressed: narrow }, { device }),
    RangeError,
    "[6, 6]",
  );
});
