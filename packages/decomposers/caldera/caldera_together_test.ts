// CALDERA of several weights of one input. Its own bounds are those of caldera() and tested there: here
// is what becomes of a stack.

import { createWasmDevice } from "@pare/linalg";
import { byteLengthOf, type MatrixShape, nodeOf, type Operator, toDense } from "@pare/operators";
import { randomNormal, type Tensor, toF64 } from "@pare/tensor";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { norm, plus, randomLayer, statisticsOf, times } from "../testing/matrices.ts";
import { caldera } from "./caldera.ts";
import type { CalderaOptions } from "./caldera_options.ts";
import { calderaTogether } from "./caldera_together.ts";
import { planCaldera, planCalderaTogether } from "./plan_caldera.ts";
import { splitRows, stackRows } from "./stack.ts";

const device = await createWasmDevice({ threads: 1 });
const COLS = 48;
const SHAPES: readonly MatrixShape[] = [[32, COLS], [16, COLS], [24, COLS]];
const WEIGHTS = SHAPES.map((shape, i) => randomNormal(shape, { seed: 3, stream: i }));
const { x: INPUTS } = randomLayer(1, COLS, 90, 5);
const STATISTICS = statisticsOf(INPUTS);
const FACTOR = { method: "rtn", options: { bits: 4, partialGroups: true } } as const;
const OPTIONS: CalderaOptions = {
  rank: 6,
  iterations: 3,
  leftQuantizer: FACTOR,
  rightQuantizer: FACTOR,
};

/** ‖E_i X‖² and ‖W_i X‖² of each weight. */
function squaresOf(operators: readonly Operator[], weights: readonly Tensor[] = WEIGHTS) {
  return weights.map((weight, i) => {
    const error = plus(toF64(weight), toF64(toDense(operators[i])), -1);
    const [lost, whole] = [error, toF64(weight)].map((a) => norm(times(a, INPUTS)) ** 2);
    return { lost, whole };
  });
}

/** The right factor of a backbone with one product, and the rotation of its inputs. */
function sharedOf(operator: Operator) {
  assert(operator.form === "rotated" && operator.inner.form === "sum");
  const [, product] = operator.inner.terms;
  assert(product.form === "product");
  return { factor: product.right, rotation: operator.right };
}

Deno.test("calderaTogether() of one weight is caldera()", async () => {
  const { operator, convergence } = await caldera(WEIGHTS[0], STATISTICS, { ...OPTIONS, device });
  const found = await calderaTogether([WEIGHTS[0]], STATISTICS, { ...OPTIONS, device });
  assertEquals(found, { operators: [operator], convergence });
});

Deno.test("calderaTogether() gives all weights one right factor and one rotation of the inputs", async () => {
  const { operators } = await calderaTogether(WEIGHTS, STATISTICS, { ...OPTIONS, device });
  const [first, ...others] = operators.map(sharedOf);
  for (const other of others) {
    assert(other.factor === first.factor);
    assertEquals(other.rotation, first.rotation);
  }
});

Deno.test("calderaTogether() returns what it plans, and a rank costs k(Σm + n)", async () => {
  const settings: readonly CalderaOptions[] = [
    OPTIONS,
    { ...OPTIONS, rotate: false },
    { ...OPTIONS, fineTuneRank: 2 },
    { ...OPTIONS, rank: 0 },
  ];
  for (const options of settings) {
    const { operators } = await calderaTogether(WEIGHTS, STATISTICS, { ...options, device });
    const { nodes, shared } = planCalderaTogether(SHAPES, options);
    assertEquals(operators.map(nodeOf), nodes);
    const prefix = options.rotate === false ? "" : "inner.";
    const parts = options.rank === 0 ? 0 : options.fineTuneRank ? 2 : 1;
    const factors = Array.from({ length: parts }, (_, i) => `${prefix}terms.${i + 1}.right`);
    assertEquals(shared, [...(prefix ? ["right"] : []), ...factors]);
  }
  const bytesAt = (rank: number) => {
    const { nodes, shared } = planCalderaTogether(SHAPES, { rank, factorDtype: "f32" });
    const others = { layer: "first", parts: shared };
    return nodes.reduce((sum, node, i) => sum + byteLengthOf(node, i > 0 ? others : null), 0);
  };
  assertEquals(bytesAt(7) - bytesAt(6), 4 * (32 + 16 + 24 + COLS));
  // Within a budget for all of them there is room for a larger rank than for each alone.
  const within = { bitsPerWeight: 8, factorDtype: "f16" } as const;
  const rankOf = (node: ReturnType<typeof planCaldera>) => {
    assert(node.form === "rotated" && node.inner.form === "sum");
    const [, factors] = node.inner.terms;
    assert(factors.form === "product" && factors.right.form === "dense");
    return factors.right.shape[0];
  };
  const together = rankOf(planCalderaTogether(SHAPES, within).nodes[0]);
  assert(SHAPES.every((shape) => rankOf(planCaldera(shape, within)) < together), `${together}`);
});

Deno.test("calderaTogether() tells the loss of all weights together", async () => {
  const damping = 1e-6;
  const { operators, convergence: { losses, chosen } } = await calderaTogether(
    WEIGHTS,
    STATISTICS,
    { ...OPTIONS, damping, device },
  );
  assertEquals(losses[chosen], Math.min(...losses));
  const mean =
    STATISTICS.gram.data.reduce((sum, value, e) => sum + (e % (COLS + 1) ? 0 : value), 0) /
    COLS;
  let [lost, whole] = [0, 0];
  for (const square of squaresOf(operators)) {
    // A turn does not change the mean diagonal, by which H is G divided.
    const scale = 2 ** Math.round(Math.log2(square.whole / mean) / 2);
    lost += square.lost / scale ** 2;
    whole += square.whole / scale ** 2;
  }
  // The damping takes 1e-6 of the mean diagonal, and products are sums of f32.
  assertAlmostEquals(losses[chosen], lost / whole, 1e-4 * losses[chosen]);
});

Deno.test("calderaTogether() loses less than each alone at equal bytes, where weights share inputs", async () => {
  // What the inputs excite is what all weights look at: rows of one basis and some noise.
  const basis = randomNormal([8, COLS], { seed: 8 });
  const weights = SHAPES.map(([rows], i) => {
    const mix = toF64(randomNormal([rows, 8], { seed: 9, stream: i }));
    const noise = randomNormal([rows, COLS], { seed: 10, stream: i });
    const data = times(mix, toF64(basis)).data;
    return { ...noise, data: noise.data.map((value, e) => data[e] + 0.3 * value) };
  });
  const bytesOf = ({ nodes, shared }: ReturnType<typeof planCalderaTogether>) => {
    const others = { layer: "first", parts: shared };
    return nodes.reduce((sum, node, i) => sum + byteLengthOf(node, i > 0 ? others : null), 0);
  };
  // 9 (72 + 48) = 5 (72 + 3 · 48) numbers.
  const [joint, single] = [9, 5].map((rank): CalderaOptions => (
    { iterations: 3, factorDtype: "f16", rank }
  ));
  const bytesAlone = SHAPES.reduce(
    (sum, shape) => sum + byteLengthOf(planCaldera(shape, single)),
    0,
  );
  assert(bytesOf(planCalderaTogether(SHAPES, joint)) <= bytesAlone);
  const { operators } = await calderaTogether(weights, STATISTICS, { ...joint, device });
  const alone: Operator[] = [];
  for (const weight of weights) {
    alone.push((await caldera(weight, STATISTICS, { ...single, device })).operator);
  }
  const shareOf = (operators: readonly Operator[]) =>
    squaresOf(operators, weights).reduce((sum, { lost, whole }) => sum + lost / whole, 0);
  assert(shareOf(operators) < 0.9 * shareOf(alone));
});

Deno.test("calderaTogether() does as much for weights that put out little", async () => {
  // Bytes and shares are the same whatever is said in other units: powers of two change no digit.
  const options = { ...OPTIONS, factorDtype: undefined, device };
  const small = { ...WEIGHTS[1], data: WEIGHTS[1].data.map((value) => value / 64) };
  const [wanted, found] = [
    await calderaTogether(WEIGHTS, STATISTICS, options),
    await calderaTogether([WEIGHTS[0], small, WEIGHTS[2]], STATISTICS, options),
  ];
  assertEquals(found.convergence, wanted.convergence);
  assertEquals(toDense(found.operators[0]), toDense(wanted.operators[0]));
});

Deno.test("calderaTogether() tells of every loss, and stops where it is told to", async () => {
  const told: number[] = [];
  const onIteration = (done: number) => told.push(done);
  const options = { ...OPTIONS, device, onIteration };
  const { convergence } = await calderaTogether(WEIGHTS, STATISTICS, options);
  assertEquals(told.at(-1), convergence.losses.length);
  const stop = () => {
    throw new Error("Stopped");
  };
  await assertRejects(
    () => calderaTogether(WEIGHTS, STATISTICS, { ...options, onIteration: stop }),
    Error,
    "Stopped",
  );
});

Deno.test("calderaTogether() refuses no weights, and weights of different widths", async () => {
  await assertRejects(
    () => calderaTogether([], STATISTICS, { device }),
    RangeError,
    "there must be a weight: current number is 0",
  );
  const shapes: readonly MatrixShape[] = [[32, COLS], [32, COLS - 1]];
  assertThrows(
    () => planCalderaTogether(shapes),
    RangeError,
    "must have the same number of columns, 48: current shape is [32, 47]",
  );
});

Deno.test("stackRows() and splitRows() undo each other", () => {
  const blocks = [{ rows: 32, scale: 1 }, { rows: 16, scale: 8 }, { rows: 24, scale: 0.25 }];
  const stack = stackRows(WEIGHTS, blocks);
  assertEquals(stack.shape, [72, COLS]);
  assertEquals(stack.data[32 * COLS], WEIGHTS[1].data[0] / 8);
  assertEquals(splitRows(stack, blocks), WEIGHTS);
});
