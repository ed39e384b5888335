// What the low-rank step promises of factors as they are and of quantized ones. It computes in f32: what
// is compared are squares of f32, sums of up to 60 products, known to about 1e-5 of their norms.

import { createWasmDevice } from "@pare/linalg";
import { dense } from "@pare/operators";
import { castTo, type Tensor, toF64 } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { denseStore, type FactorStore, quantizerStore } from "../factor_store.ts";
import { quantizerWith } from "../quantizer_with.ts";
import {
  diagonal,
  generate,
  type Matrix,
  norm,
  plus,
  random,
  randomLayer,
  singularValues,
  statisticsOf,
  tail,
  times,
  transposed,
} from "../testing/matrices.ts";
import type { StoredFactors } from "./factor_parts.ts";
import { type LowRankPart, lowRankStep, type LowRankStepOptions } from "./low_rank_step.ts";
import { layerOf } from "./testing/layer.ts";

const device = await createWasmDevice({ threads: 1 });
const [ROWS, COLS, RANK] = [30, 20, 6];
const { a: WEIGHT, x: INPUTS } = randomLayer(ROWS, COLS, 60, 3);
const HESSIAN = statisticsOf(INPUTS).gram;

/** Keeps numbers as they are, but tells that it does not. */
const EXACT: FactorStore = { ...denseStore("f32"), isQuantizer: true };

/** Rounds both factors to few levels. */
function rounding(bits: number): FactorStore {
  const quantizer = quantizerWith({ method: "rtn", options: { bits } }, { partialGroups: true });
  return quantizerStore({ left: quantizer, right: quantizer });
}

async function step(
  store: FactorStore,
  options: Partial<LowRankStepOptions> = {},
  [a, h]: readonly [Matrix, Matrix] = [WEIGHT, HESSIAN],
): Promise<LowRankPart> {
  const layer = layerOf(device, a, h);
  const parts = [{ rank: RANK, store }];
  const defaults = { parts, innerIterations: 1, balance: false, seed: 0 };
  return await lowRankStep(layer, layer.weight, { ...defaults, ...options });
}

function restored({ left, right }: StoredFactors): Matrix {
  return times(toF64(left.restored), toF64(right.restored));
}

/** tr(E H Eᵀ) / tr(A H Aᵀ), H = X Xᵀ. */
function lossOf(factors: StoredFactors): number {
  const error = plus(WEIGHT, restored(factors), -1);
  return (norm(times(error, INPUTS)) / norm(times(WEIGHT, INPUTS))) ** 2;
}

/** The least that rank 6 can lose. */
async function leastLoss(): Promise<number> {
  const sigma = await singularValues(times(WEIGHT, INPUTS), device);
  return (tail(sigma, RANK) / norm(times(WEIGHT, INPUTS))) ** 2;
}

Deno.test("lowRankStep() meets the whitened tail with factors as they are, alternated or not", async () => {
  const least = await leastLoss();
  for (const store of [denseStore("f32"), EXACT]) {
    for (const balance of [false, true]) {
      const loss = lossOf(await step(store, { innerIterations: 4, balance }));
      assertAlmostEquals(loss, least, 1e-5);
    }
  }
});

Deno.test("lowRankStep() stays where it is once factors are the best of their rank", async () => {
  const [one, four] = [await step(EXACT), await step(EXACT, { innerIterations: 4 })];
  assertLessOrEqual(norm(plus(restored(one), restored(four), -1)), 1e-4 * norm(restored(one)));
});

Deno.test("lowRankStep() fits R to L as it is stored: Lᵀ (A - L R) H = 0", async () => {
  const left = rounding(3);
  const store: FactorStore = {
    ...left,
    store: (side, ...rest) => (side === "left" ? left : EXACT).store(side, ...rest),
  };
  const factors = await step(store);
  const error = times(plus(WEIGHT, restored(factors), -1), HESSIAN);
  const slope = times(transposed(toF64(factors.left.restored)), error);
  assertLessOrEqual(norm(slope), 1e-4 * norm(toF64(factors.left.restored)) * norm(error));
});

Deno.test("lowRankStep() fits L to R as it is stored: (A - L R) H Rᵀ = 0", async () => {
  // R becomes the same whatever is asked for, so that the best pair is that of the L fitted to it.
  const fixed = dense(castTo(random(RANK, COLS, 5), "f32"));
  const store: FactorStore = {
    ...EXACT,
    store: (side, ...rest) => side === "right" ? fixed : EXACT.store(side, ...rest),
  };
  const before = await step(store);
  const factors = await step(store, { innerIterations: 2 });
  assert(lossOf(factors) < lossOf(before));
  const error = times(plus(WEIGHT, restored(factors), -1), HESSIAN);
  const right = transposed(toF64(factors.right.restored));
  assertLessOrEqual(norm(times(error, right)), 1e-4 * norm(error) * norm(right));
});

Deno.test("lowRankStep() loses no more after more iterations, and less with more bits", async () => {
  const least = await leastLoss();
  let fewer = Infinity;
  for (const bits of [2, 3, 4, 6]) {
    const store = rounding(bits);
    const losses: number[] = [];
    for (let innerIterations = 1; innerIterations <= 5; innerIterations++) {
      losses.push(lossOf(await step(store, { innerIterations })));
    }
    for (const [i, loss] of losses.slice(1).entries()) assertLessOrEqual(loss, losses[i] + 1e-5);
    assert(losses[4] < fewer && losses[4] >= least - 1e-5, `${bits} bits: ${losses}`);
    fewer = losses[4];
  }
  assertLessOrEqual(fewer, least + 0.002);
});

Deno.test("lowRankStep() tells what rounding takes of what the best of the rank holds", async () => {
  const least = await leastLoss();
  for (const bits of [2, 4, 8]) {
    const factors = await step(rounding(bits), { innerIterations: 3 });
    assertAlmostEquals(factors.noise, (lossOf(factors) - least) / (1 - least), 1e-5);
  }
  assertEquals((await step(denseStore("f32"))).noise, 0);
  assertAlmostEquals((await step(EXACT)).noise, 0, 1e-5);
});

Deno.test("lowRankStep() shows quantizers the exact Hessians of both factors", async () => {
  const seen: Partial<Record<"left" | "right", Tensor<"f64"> | null>> = {};
  const store: FactorStore = {
    ...EXACT,
    needsGram: () => true,
    store: (side, factor, gram, device) => {
      seen[side] = gram;
      return EXACT.store(side, factor, gram, device);
    },
  };
  const parts = [{ rank: 2, store: denseStore("f16") }, { rank: 4, store }];
  const factors = await step(store, { parts });
  assertEquals(seen.right, HESSIAN);
  // That of L is of the rows of R that its columns multiply, before they were rounded.
  const wanted = times(
    times(toF64(factors.right.restored), HESSIAN),
    transposed(toF64(factors.right.restored)),
  );
  const block = generate(4, 4, (i, j) => wanted.data[(i + 2) * RANK + j + 2]);
  const gram = seen.left ?? diagonal([]);
  assertLessOrEqual(norm(plus(gram, block, -1)), 1e-3 * norm(block));
});

Deno.test("lowRankStep() stores the leading components apart", async () => {
  const parts = [{ rank: 2, store: denseStore("f16") }, { rank: 4, store: rounding(3) }];
  const factors = await step(rounding(3), { parts });
  assertEquals(factors.left.operators.map(([{ form, shape }]) => [form, shape]), [
    ["dense", [ROWS, 2]],
    ["affine", [ROWS, 4]],
  ]);
  assertEquals(factors.right.operators.map(({ shape }) => shape), [[2, COLS], [4, COLS]]);
  // The two that weigh most are no longer rounded to three bits.
  assert(lossOf(factors) < lossOf(await step(rounding(3))));
});

Deno.test("lowRankStep() loses nothing of a matrix of the rank", async () => {
  const a = times(random(ROWS, 4, 1), random(4, COLS, 2));
  for (const h of [HESSIAN, diagonal(new Float64Array(COLS).fill(1))]) {
    const factors = await step(denseStore("f32"), {}, [a, h]);
    assertLessOrEqual(norm(plus(restored(factors), a, -1)), 1e-5 * norm(a));
  }
});

Deno.test("lowRankStep() takes a matrix of zeros, and a Hessian that is singular", async () => {
  const zeros = generate(ROWS, COLS, () => 0);
  assertEquals(
    norm(restored(await step(rounding(4), { innerIterations: 3 }, [zeros, HESSIAN]))),
    0,
  );
  const { gram } = statisticsOf(randomLayer(1, COLS, 3, 4).x);
  const factors = await step(EXACT, { innerIterations: 3 }, [WEIGHT, gram]);
  const error = plus(WEIGHT, restored(factors), -1);
  // Three tokens have a weighted matrix of rank 3, which six components hold.
  const { data } = times(error, gram);
  const loss = data.reduce((sum, value, i) => sum + value * error.data[i], 0);
  assertLessOrEqual(loss, 1e-4 * norm(WEIGHT) ** 2 * norm(gram));
});
