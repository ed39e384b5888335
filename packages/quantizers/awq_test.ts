import { createReferenceDevice, createWasmDevice } from "@pare/linalg";
import { byteLengthOf, nodeOf, type Statistics, toDense } from "@pare/operators";
import { castTo, randomNormal, ShapeError, type Tensor, tensor, toF32 } from "@pare/tensor";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { awq, type AwqOptions, planAwq } from "./awq.ts";
import { groupLosses, layerLoss, uploadGram } from "./layer_loss.ts";
import { rtn } from "./rtn.ts";
import { errorsOf, gramOf, lossOf as lossOfErrors } from "./testing/layers.ts";

const ROWS = 24;
const COLS = 48;
const WEIGHT = randomNormal([ROWS, COLS], { seed: 1 });
/** Few inputs are large, and neighbours go together. */
const OUTLIERS = statisticsOf(200, (x, i) => x * (i % 16 === 3 ? 40 : 1 + i % 3));

/** Statistics of normal inputs that are changed by channel. */
function statisticsOf(tokens: number, change: (x: number, channel: number) => number): Statistics {
  const { data } = randomNormal([tokens, COLS], { seed: 2 });
  const x = data.map((value, i) => change(value + 0.5 * data[i - i % 4], i % COLS));
  const meanAbs = new Float64Array(COLS);
  x.forEach((value, i) => meanAbs[i % COLS] += Math.abs(value) / tokens);
  const means = tensor(meanAbs, [COLS]);
  return { tokens, gram: gramOf(x, COLS), meanAbs: means, maxAbs: means };
}

/** ‖(W − Ŵ) X‖². */
function lossOf(restored: Tensor, { gram }: Statistics, weight: Tensor = WEIGHT): number {
  return lossOfErrors(errorsOf(weight, restored), gram);
}

const SETTINGS: readonly AwqOptions[] = [
  { groupSize: 16 },
  { bits: 3, groupSize: 24 },
  { bits: 2, groupSize: 20, partialGroups: true },
  { bits: 3, groupSize: 16, symmetric: true },
  { bits: 4, granularity: "row" },
  { bits: 4, granularity: "tensor", scaleDtype: "f32" },
];
for (const settings of SETTINGS) {
  for (const clip of [true, false]) {
    const options = { ...settings, clip };
    Deno.test(`awq() loses no more than rtn(): ${JSON.stringify(options)}`, async () => {
      const plain = rtn(WEIGHT, settings);
      const operator = await awq(WEIGHT, OUTLIERS, options);
      assertEquals(nodeOf(operator), planAwq([ROWS, COLS], options));
      assertEquals(byteLengthOf(operator), byteLengthOf(plain) + 2 * COLS);
      const [found, before] = [operator, plain].map((o) => lossOf(toDense(o), OUTLIERS));
      // One channel in sixteen has nearly all of the loss. A symmetric grid has no level for its
      // largest weights once they are scaled up, where they are positive.
      assertLess(found, before * (settings.symmetric ? 0.8 : 0.5));
      assert(found > 0);
    });
  }
}

Deno.test("awq() takes the α with the least loss", async () => {
  const options = { bits: 3, groupSize: 16 };
  const sizes = OUTLIERS.meanAbs.data;
  const candidates = Array.from({ length: 20 }, (_, step) => {
    const t = sizes.map((size) => Math.max(size / Math.max(...sizes), 1e-4) ** (step / 20));
    const norm = Math.sqrt(Math.max(...t) * Math.min(...t));
    const scales = castTo(tensor(Float32Array.from(t, (value) => norm / value), [COLS]), "f16");
    const factors = toF32(scales).data;
    const turned = WEIGHT.data.map((w, i) => w / factors[i % COLS]);
    const restored = toDense(rtn(tensor(turned, [ROWS, COLS]), options)).data
      .map((w, i) => w * factors[i % COLS]);
    return { scales, loss: lossOf(tensor(restored, [ROWS, COLS]), OUTLIERS) };
  });
  const best = candidates.reduce((best, next) => next.loss < best.loss ? next : best);
  assert(best !== candidates[0]);
  const operator = await awq(WEIGHT, OUTLIERS, { ...options, clip: false });
  assertEquals(operator.colScales, best.scales);
  assertAlmostEquals(lossOf(toDense(operator), OUTLIERS) / best.loss, 1, 1e-5);
});

Deno.test("awq() is plain rounding where all inputs are alike, or none was seen", async () => {
  const alike = statisticsOf(50, (x) => x);
  const even = { ...alike, meanAbs: tensor(new Float64Array(COLS).fill(3), [COLS]) };
  const nothing = statisticsOf(50, () => 0);
  for (const statistics of [even, nothing]) {
    const operator = await awq(WEIGHT, statistics, { groupSize: 16, clip: false });
    assertEquals(operator.inner, rtn(WEIGHT, { groupSize: 16 }));
    assertEquals(operator.colScales, castTo(tensor(new Float32Array(COLS).fill(1), [COLS]), "f16"));
  }
});

Deno.test("awq() does not depend on the unit of the inputs", async () => {
  const { tokens, gram, meanAbs, maxAbs } = OUTLIERS;
  const scaled: Statistics = {
    tokens,
    gram: tensor(gram.data.map((value) => value * 2 ** 40), [COLS, COLS]),
    meanAbs: tensor(meanAbs.data.map((value) => value * 2 ** 20), [COLS]),
    maxAbs,
  };
  const options = { bits: 3, groupSize: 16 };
  assertEquals(await awq(WEIGHT, scaled, options), await awq(WEIGHT, OUTLIERS, options));
});

Deno.test("awq() survives channels that were always zero", async () => {
  const dead = statisticsOf(50, (x, i) => i % 5 === 0 ? 0 : x * (1 + i));
  const operator = await awq(WEIGHT, dead, { bits: 4, groupSize: 16 });
  assert(toDense(operator).data.every(Number.isFinite));
  assert(lossOf(toDense(operator), dead) <= lossOf(toDense(rtn(WEIGHT, { groupSize: 16 })), dead));
});

Deno.test("awq() clips what costs more than it brings", async () => {
  // One weight of each group is large, and its input is never anything but small.
  const heavy = tensor(WEIGHT.data.map((w, i) => i % 16 === 7 ? 12 * w : w), [ROWS, COLS]);
  const seen = statisticsOf(200, (x, i) => i % 16 === 7 ? x / 50 : x);
  const even = { ...seen, meanAbs: tensor(new Float64Array(COLS).fill(1), [COLS]) };
  const options = { bits: 3, groupSize: 16 };
  const [kept, clipped] = await Promise.all(
    [false, true].map(async (clip) =>
      lossOf(toDense(await awq(heavy, even, { ...options, clip })), even, heavy)
    ),
  );
  // Half the range is all that may be cut off: at most a quarter of the loss is left.
  assertLess(clipped, 0.5 * kept);
});

Deno.test("awq() gives the same on any device", async () => {
  using reference = createReferenceDevice();
  using wasm = await createWasmDevice({ threads: 2 });
  const [a, b] = [reference, wasm].map((device) =>
    awq(WEIGHT, OUTLIERS, { groupSize: 16, device })
  );
  assertEquals(await a, await b);
});

Deno.test("awq() refuses what does not fit before it starts", async () => {
  await assertRejects(
    () => awq(WEIGHT, null, { groupSize: 16 }),
    TypeError,
    "statistics of the inputs must be given",
  );
  await assertRejects(() => awq(randomNormal([4]), OUTLIERS), ShapeError);
  await assertRejects(() => awq(randomNormal([4, 32]), OUTLIERS, { groupSize: 16 }), ShapeError);
  assertThrows(() => planAwq([ROWS, COLS]), RangeError, "groupSize must divide the 48 columns");
  assertThrows(() => planAwq([ROWS, COLS], { alpha: 1 } as AwqOptions), TypeError, '"alpha"');
  const broken = tensor(WEIGHT.data.with(5, Infinity), [ROWS, COLS]);
  await assertRejects(() => awq(broken, OUTLIERS, { groupSize: 16 }), RangeError, "finite");
});

Deno.test("groupLosses() weighs errors by blocks of the Gram matrix, in strips of rows", async () => {
  using device = await createWasmDevice({ threads: 1 });
  // More numbers than go to the device at a time.
  const [rows, cols, group] = [2 ** 18 + 3, 17, 8];
  const weight = tensor(new Float32Array(rows * cols), [rows, cols]);
  const values = Float32Array.from({ length: rows * cols }, (_, i) => i % 7 - 3);
  const factors = Float32Array.from({ length: cols }, (_, j) => 1 + j % 2);
  const gram = new Float64Array(cols * cols);
  for (let i = 0; i < cols; i++) {
    for (let j = 0; j < cols; j++) {
      gram[i * cols + j] = i === j ? 4 : 1;
    }
  }
  using onDevice = uploadGram(device, tensor(gram, [cols, cols]));
  const losses = await groupLosses(device, weight, values, factors, onDevice, group);
  assertEquals(losses.length, 3 * rows);
  const total = await layerLoss(device, weight, values, factors, onDevice);
  for (const row of [0, 5, 123_456, 2 ** 22 / 16, rows - 1]) {
    for (const [g, size] of [[0, 8], [1, 8], [2, 1]]) {
      let [sum, squares] = [0, 0];
      for (let j = g * group; j < g * group + size; j++) {
        const e = values[row * cols + j] * factors[j];
        sum += e;
        squares += e * e;
      }
      // The mean diagonal of 4 becomes 1.
      assertEquals(losses[3 * row + g], (3 * squares + sum ** 2) / 4, `row ${row}, group ${g}`);
    }
  }
  assert(total > 0);
});
