// The row statistics of causal attention, and its derivative.

import { assertEquals, assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { AttentionOptions, Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { AttentionGradient } from "../training_steps.ts";
import { ATTENTION_SETTINGS } from "./cases_model.ts";
import { assertDifferences } from "./central_differences.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  type Float,
  floatsOf,
  put,
  randomValues,
  type Values,
} from "./device_case.ts";
import {
  constant,
  difference,
  dot,
  exactly,
  expected,
  exponential,
  product,
  type Rounded,
  softmax,
  sum,
} from "./running_error.ts";

/** One query of one head, the keys it sees, and what attention makes of them. */
interface Row {
  /** Where the head of the query begins. */
  readonly at: number;
  /** Where the heads of the keys begin. */
  readonly seen: readonly number[];
  readonly weights: readonly Rounded[];
  readonly logSumExp: Rounded;
}

/** What attention is given. */
interface Operands {
  readonly q: Values;
  readonly k: Values;
  readonly v: Values;
  readonly options: AttentionOptions;
}

/** The numbers of a head, which begin there. */
function headOf(x: readonly Rounded[], at: number, size: number): Rounded[] {
  return x.slice(at, at + size);
}

/** The number of elements of a head, and what scores are multiplied with. */
function sizesOf({ q, options }: Operands): { size: number; scale: Rounded } {
  const size = q.shape[q.shape.length - 1] / options.heads;
  return { size, scale: constant(options.scale ?? 1 / Math.sqrt(size)) };
}

/** Every query of every head, with its softmax over all keys that are not masked. */
function rowsOf(operands: Operands): Row[] {
  const { q, k, options } = operands;
  const { heads, kvHeads = heads } = options;
  const { size, scale } = sizesOf(operands);
  const queries = q.shape[q.shape.length - 2];
  const keyRows = k.shape[k.shape.length - 2];
  const { keyCount = keyRows, window = Infinity } = options;
  const [queryNumbers, keyNumbers] = [q, k].map(exactly);
  return Array.from({ length: q.data.length / size }, (_, index) => {
    const [row, head] = [Math.floor(index / heads), index % heads];
    const position = keyCount - queries + row % queries;
    const kvHead = Math.floor(head / (heads / kvHeads));
    const batch = Math.floor(row / queries);
    const seen: number[] = [];
    for (let key = 0; key <= position; key++) {
      if (position - key >= window) continue;
      seen.push(((batch * keyRows + key) * kvHeads + kvHead) * size);
    }
    const query = headOf(queryNumbers, index * size, size);
    const scores = seen.map((at) => product(dot(query, headOf(keyNumbers, at, size)), scale));
    const { max, log } = softmax(scores);
    const logSumExp = sum([max, log]);
    const weights = scores.map((score) => exponential(difference(score, logSumExp)));
    return { at: index * size, seen, weights, logSumExp };
  });
}

function logSumExp(operands: Operands, dtype: Float): Expected {
  const { q, options } = operands;
  const numbers = rowsOf(operands).map((row) => row.logSumExp);
  return expected([...q.shape.slice(0, -1), options.heads], numbers, dtype);
}

/** The chain rule through the weighted sum, the softmax and the scores, row by row. */
function attentionGradient(
  operands: Operands,
  gradient: Values,
  dtype: Float,
): Record<"q" | "k" | "v", Expected> {
  const { q, k, v } = operands;
  const { size, scale } = sizesOf(operands);
  const [queries, keys, values, upstream] = [q, k, v, gradient].map(exactly);
  const ofQ: Rounded[] = [];
  const ofK: Rounded[][] = keys.map(() => []);
  const ofV: Rounded[][] = values.map(() => []);
  for (const { at, seen, weights } of rowsOf(operands)) {
    const up = headOf(upstream, at, size);
    const query = headOf(queries, at, size);
    const out = query.map((_, i) => dot(weights, seen.map((key) => values[key + i])));
    const shared = dot(up, out);
    const slopes = weights.map((weight, j) => {
      const ofWeight = dot(up, headOf(values, seen[j], size));
      return product(weight, difference(ofWeight, shared), scale);
    });
    query.forEach((one, i) => {
      ofQ.push(dot(slopes, seen.map((key) => keys[key + i])));
      seen.forEach((key, j) => {
        ofK[key + i].push(product(slopes[j], one));
        ofV[key + i].push(product(weights[j], up[i]));
      });
    });
  }
  return {
    q: expected(q.shape, ofQ, dtype),
    k: expected(k.shape, ofK.map(sum), dtype),
    v: expected(v.shape, ofV.map(sum), dtype),
  };
}

/** Attends and differentiates on a device; what it makes is the scope's. */
function differentiate(
  scope: Device,
  [q, k, v, gradient]: readonly DeviceArray[],
  options: AttentionOptions,
): AttentionGradient {
  const logSumExp = scope.zeros([...q.shape.slice(0, -1), options.heads], q.dtype);
  const out = scope.attention(q, k, v, { ...options, logSumExp });
  return scope.attentionGradient({ q, k, v, out, logSumExp }, gradient, options);
}

/** A name, the shapes of queries and of keys, and the options. */
export type AttentionSetting = readonly [
  name: string,
  q: readonly number[],
  k: readonly number[],
  options: AttentionOptions,
];

const GRADIENT_SETTINGS: readonly AttentionSetting[] = [
  ...ATTENTION_SETTINGS.filter(([, , , { keyCount }]) => keyCount === undefined),
  ["a batch of grouped heads", [3, 5, 24], [3, 11, 12], { heads: 4, kvHeads: 2 }],
  ["a window over a batch", [2, 37, 20], [2, 40, 10], { heads: 2, kvHeads: 1, window: 5 }],
  ["several tiles", [2, 67, 32], [2, 67, 16], { heads: 2, kvHeads: 1 }],
];

/** Attention and the logarithms of its sums, of random numbers. */
export function statisticsCase([name, shapeQ, shapeK, options]: AttentionSetting): DeviceCase {
  return {
    name: `attention() tells the log of its sums: ${name}`,
    async run(target) {
      for (const dtype of floatsOf(target, "attention")) {
        using scope = target.device.scope();
        const [q, k, v] = [shapeQ, shapeK, shapeK].map((shape, i) =>
          randomValues(shape, i + 1, dtype)
        );
        const arrays = [q, k, v].map((one) => put(scope, one, dtype));
        const shape = [...shapeQ.slice(0, -1), options.heads];
        const statistics = put(scope, randomValues(shape, 9, dtype), dtype);
        const [a, b, c] = arrays;
        const out = scope.attention(a, b, c, { ...options, logSumExp: statistics });
        const wanted = logSumExp({ q, k, v, options }, dtype);
        await assertOnDevice(scope, statistics, wanted, dtype);
        const rows = rowsOf({ q, k, v, options });
        const numbers = exactly(v);
        const size = shapeQ[shapeQ.length - 1] / options.heads;
        const sums = rows.flatMap(({ weights, seen }) =>
          Array.from({ length: size }, (_, i) => dot(weights, seen.map((at) => numbers[at + i])))
        );
        await assertOnDevice(scope, out, expected(shapeQ, sums, dtype), `${dtype}: out`);
      }
    },
  };
}

/** The derivative of attention, of random numbers. */
export function gradientCase([name, shapeQ, shapeK, options]: AttentionSetting): DeviceCase {
  return {
    name: `attentionGradient() is the derivative: ${name}`,
    async run(target) {
      for (const dtype of floatsOf(target, "attentionGradient")) {
        using scope = target.device.scope();
        const [q, k, v, gradient] = [shapeQ, shapeK, shapeK, shapeQ].map((shape, i) =>
          randomValues(shape, i + 1, dtype)
        );
        const arrays = [q, k, v, gradient].map((one) => put(scope, one, dtype));
        const actual = differentiate(scope, arrays, options);
        const wanted = attentionGradient({ q, k, v, options }, gradient, dtype);
        for (const which of ["q", "k", "v"] as const) {
          await assertOnDevice(scope, actual[which], wanted[which], `${dtype}: ${which}`);
        }
      }
    },
  };
}

/** What a device does to differentiate attention. */
export const ATTENTION_GRADIENT_CASES: readonly DeviceCase[] = [
  ...ATTENTION_SETTINGS.map(statisticsCase),
  ...GRADIENT_SETTINGS.map(gradientCase),
  ...([
    ["grouped heads", [3, 8], [5, 4], { heads: 4, kvHeads: 2 }],
    ["a window and a batch", [2, 3, 4], [2, 4, 2], { heads: 2, kvHeads: 1, window: 2, scale: 0.9 }],
  ] as const).map(([name, shapeQ, shapeK, options]): DeviceCase => ({
    name: `attentionGradient() agrees with central differences: ${name}`,
    async run(target) {
      if (!target.doubles.has("attentionGradient")) return;
      using scope = target.device.scope();
      const operands = [shapeQ, shapeK, shapeK].map((shape, i) =>
        randomValues(shape, i + 1, "f64")
      );
      const weights = randomValues(shapeQ, 4, "f64");
      const arrays = [...operands, weights].map((one) => put(scope, one, "f64"));
      const { q, k, v } = differentiate(scope, arrays, options);
      await assertDifferences(
        target,
        operands,
        (q, k, v) => scope.attention(q, k, v, options),
        weights,
        [q, k, v],
      );
    },
  })),
  {
    name: "attentionGradient() differentiates a softmax as found by hand",
    async run({ device }) {
      // One query of one element, 1, whose three scores are the logarithms of their probabilities.
      using scope = device.scope();
      const probabilities = [0.2, 0.5, 0.3];
      const arrays = [[1], probabilities.map(Math.log), [1, -1, 2], [1]].map((numbers) =>
        scope.upload(tensor(Float32Array.from(numbers), [numbers.length, 1]))
      );
      const { q, k, v } = differentiate(scope, arrays, { heads: 1 });
      // Forty roundings of numbers below 2.
      const bound = 80 * 2 ** -24;
      const shape = [3, 1];
      const scores = Float64Array.of(0.14, -0.65, 0.51);
      await assertOnDevice(scope, k, { shape, data: scores, bound }, "scores");
      const data = Float64Array.from(probabilities);
      await assertOnDevice(scope, v, { shape, data, bound }, "values");
      const along = scores.reduce((total, one, i) => total + one * Math.log(probabilities[i]), 0);
      const ofQ = { shape: [1, 1], data: Float64Array.of(along), bound };
      await assertOnDevice(scope, q, ofQ, "query");
    },
  },
  {
    name: "attentionGradient() survives scores that would overflow",
    async run({ device }) {
      using scope = device.scope();
      const arrays = [[100, 100], [-100, 100], [3, 5], [7, 11]].map((numbers) =>
        scope.upload(tensor(Float32Array.from(numbers), [2, 1]))
      );
      const { q, k, v } = differentiate(scope, arrays, { heads: 1 });
      assertEquals((await scope.download(v)).data, Float32Array.of(7, 11));
      for (const array of [q, k]) {
        await assertOnDevice(scope, array, { shape: [2, 1], data: new Float64Array(2) }, "flat");
      }
    },
  },
  {
    name: "attention() and its derivative refuse statistics and gradients that do not fit",
    run({ device }) {
      using scope = device.scope();
      const q = scope.zeros([3, 8]);
      const k = scope.zeros([5, 4]);
      const short = scope.zeros([4, 4]);
      const logSumExp = scope.zeros([3, 2]);
      const bytes = scope.zeros([3, 8], "u8");
      const bits = scope.zeros([3, 2], "u32");
      const options = { heads: 2, kvHeads: 1 };
      const attend = (logSumExp: DeviceArray) =>
        scope.attention(q, k, k, { ...options, logSumExp });
      assertThrows(() => attend(q), ShapeError);
      assertThrows(() => attend(bits), TypeError, "dtypes must be equal");
      const record = { q, k, v: k, out: q, logSumExp };
      const differentiate = (changes: Partial<typeof record>, gradient = q) =>
        scope.attentionGradient({ ...record, ...changes }, gradient, options);
      assertThrows(() => differentiate({ v: short }), ShapeError);
      assertThrows(() => differentiate({ out: k }), ShapeError);
      assertThrows(() => differentiate({ logSumExp: q }), ShapeError);
      assertThrows(() => differentiate({}, k), ShapeError);
      assertThrows(() => differentiate({}, bytes), TypeError, "dtypes must be equal");
      assertThrows(() => differentiate({ q: short }), RangeError);
      assertThrows(
        () => scope.attentionGradient(record, q, { heads: 3, kvHeads: 1 }),
        RangeError,
        "heads",
      );
      assertThrows(
        () => scope.attentionGradient(record, q, { ...options, window: 0 }),
        RangeError,
        "window",
      );
    },
  },
];
