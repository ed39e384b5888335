// What a transformer's forward pass needs beyond products: softmax, RMS norm, rotary embedding,
// causal attention.

import { assertEquals, assertThrows } from "@std/assert";
import { ShapeError, tensor } from "@pare/tensor";
import type { AttentionOptions } from "../device.ts";
import {
  assertOnDevice,
  type DeviceCase,
  type Expected,
  type Float,
  floatsOf,
  FLUSHED,
  put,
  putIndices,
  randomValues,
  UNIT,
  type Values,
} from "./device_case.ts";

/**
 * The softmax of each row.
 *
 * The exponential of x - max errs relatively by the rounding of the difference and by up to
 * 3 + 2|x - max| units in the last place, as WGSL allows; the sum by one rounding per column.
 */
function softmax(x: Values, dtype: Float): Expected {
  const cols = x.shape.at(-1) ?? 1;
  const data = new Float64Array(x.data.length);
  const bound = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += cols) {
    const row = x.data.slice(start, start + cols);
    const max = Math.max(...row);
    const weights = row.map((value) => Math.exp(value - max));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const range = max - Math.min(...row);
    for (let j = 0; j < cols; j++) {
      data[start + j] = weights[j] / total;
      bound[start + j] = (10 * range + 2 * cols + 20) * UNIT[dtype] * data[start + j] + FLUSHED;
    }
  }
  return { shape: x.shape, data, bound };
}

function rmsNorm(x: Values, gain: Values, epsilon: number, dtype: Float): Expected {
  const cols = gain.data.length;
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += cols) {
    const row = x.data.slice(start, start + cols);
    const squares = row.reduce((sum, value) => sum + value ** 2, 0);
    const root = Math.sqrt(squares / cols + epsilon);
    data.set(row.map((value, j) => value / root * gain.data[j]), start);
  }
  // One rounding per square and sum, half of them after the root, and a dozen for the rest.
  const bound = data.map((value) => (2 * cols + 12) * UNIT[dtype] * Math.abs(value) + FLUSHED);
  return { shape: x.shape, data, bound };
}

/** Turns each pair (i, i + half) of a head as the complex number it is. */
function rotary(
  x: Values,
  cos: Values,
  sin: Values,
  positions: readonly number[],
  dtype: Float,
): Expected {
  const width = x.shape.at(-1) ?? 1;
  const half = cos.shape[1];
  const data = new Float64Array(x.data.length);
  const bound = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const token = Math.floor(i / width) % positions.length;
    const within = i % (2 * half);
    const angle = positions[token] * half + within % half;
    const partner = within < half ? -x.data[i + half] : x.data[i - half];
    const straight = x.data[i] * cos.data[angle];
    const crossed = partner * sin.data[angle];
    data[i] = straight + crossed;
    bound[i] = 4 * UNIT[dtype] * (Math.abs(straight) + Math.abs(crossed));
  }
  return { shape: x.shape, data, bound };
}

/** Cosines and sines of random angles. */
function randomAngles(positions: number, half: number, dtype: Float): [cos: Values, sin: Values] {
  const angles = randomValues([positions, half], 9, "f64");
  const round = (value: number) => dtype === "f32" ? Math.fround(value) : value;
  return [
    { shape: angles.shape, data: angles.data.map((angle) => round(Math.cos(7 * angle))) },
    { shape: angles.shape, data: angles.data.map((angle) => round(Math.sin(7 * angle))) },
  ];
}

/**
 * Attention as a masked softmax over all keys.
 *
 * A score errs by its dot product, each weight relatively by twice the worst score and by its
 * exponential; an online softmax multiplies one more exponential at every key, whose exponents sum
 * up to the range. The weighted sum adds one rounding per key.
 */
function attention(q: Values, k: Values, v: Values, o: AttentionOptions, dtype: Float): Expected {
  const { heads, kvHeads = heads } = o;
  const [queries, width] = q.shape.slice(-2);
  const [keyRows, kvWidth] = k.shape.slice(-2);
  const { keyCount = keyRows, window = Infinity } = o;
  const size = width / heads;
  const scale = o.scale ?? 1 / Math.sqrt(size);
  const u = UNIT[dtype];
  const data = new Float64Array(q.data.length);
  const bound = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += size) {
    const row = Math.floor(start / width);
    const batch = Math.floor(row / queries);
    const position = keyCount - queries + row % queries;
    const head = start % width / size;
    const kvHead = Math.floor(head / (heads / kvHeads));
    const at = (key: number) => (batch * keyRows + key) * kvWidth + kvHead * size;
    const seen: { key: number; score: number; magnitude: number }[] = [];
    for (let key = 0; key <= position; key++) {
      if (position - key >= window) continue;
      let score = 0;
      let magnitude = 0;
      for (let i = 0; i < size; i++) {
        const term = q.data[start + i] * k.data[at(key) + i] * scale;
        score += term;
        magnitude += Math.abs(term);
      }
      seen.push({ key, score, magnitude });
    }
    const max = Math.max(...seen.map(({ score }) => score));
    const range = max - Math.min(...seen.map(({ score }) => score));
    const scoreError = (size + 4) * u * Math.max(...seen.map(({ magnitude }) => magnitude));
    const relative = 4 * scoreError + (16 * range + 10 * seen.length + 20) * u;
    const total = seen.reduce((sum, { score }) => sum + Math.exp(score - max), 0);
    for (const { key, score } of seen) {
      const weight = Math.exp(score - max) / total;
      for (let i = 0; i < size; i++) {
        const term = weight * v.data[at(key) + i];
        data[start + i] += term;
        bound[start + i] += relative * Math.abs(term);
      }
    }
  }
  return { shape: q.shape, data, bound };
}

/** Shapes and options of attention worth telling apart. */
export const ATTENTION_SETTINGS: readonly [
  name: string,
  q: readonly number[],
  k: readonly number[],
  options: AttentionOptions,
][] = [
  ["one token, one head", [1, 1], [1, 1], { heads: 1 }],
  ["as many queries as keys", [17, 12], [17, 12], { heads: 3 }],
  ["one query over many keys", [1, 64], [65, 64], { heads: 2 }],
  ["grouped heads", [5, 48], [33, 16], { heads: 6, kvHeads: 2 }],
  ["one key head for all", [3, 24], [3, 3], { heads: 8, kvHeads: 1 }],
  ["room for more keys", [4, 16], [130, 16], { heads: 2, keyCount: 9 }],
  ["a window", [19, 10], [19, 10], { heads: 2, window: 4 }],
  ["a window of one", [7, 6], [9, 6], { heads: 1, window: 1 }],
  ["a window over a cache", [3, 64], [140, 32], {
    heads: 4,
    kvHeads: 2,
    keyCount: 133,
    window: 65,
  }],
  ["a batch", [3, 5, 24], [3, 11, 12], { heads: 4, kvHeads: 2, keyCount: 7 }],
  ["a scale of its own", [5, 8], [6, 8], { heads: 2, scale: 3 }],
  ["a longer sequence", [70, 32], [70, 16], { heads: 2, kvHeads: 1 }],
  ["wide heads", [2, 256], [5, 128], { heads: 2, kvHeads: 1 }],
];

/** What a device does for a transformer. */
export const MODEL_CASES: readonly DeviceCase[] = [
  {
    name: "softmax() makes weights of every row",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "softmax")) {
        for (const shape of [[1], [3, 1], [17, 65], [2, 3, 130], [3, 1025]]) {
          const x = randomValues(shape, 1, dtype);
          x.data.forEach((value, i) => x.data[i] = 8 * value);
          using array = put(device, x, dtype);
          using result = device.softmax(array);
          await assertOnDevice(device, result, softmax(x, dtype), `${dtype} [${shape}]`);
        }
      }
    },
  },
  {
    name: "softmax() neither overflows nor divides by zero, and hands on NaN",
    async run({ device }) {
      const rows = [[1e4, 1e4, -1e4], [-1e30, -1e30, -1e30], [1e30, 0, 3e38], [0, NaN, 1]];
      using array = device.upload(tensor(Float32Array.from(rows.flat()), [4, 3]));
      using result = device.softmax(array);
      const third = 1 / 3;
      const data = Float64Array.of(0.5, 0.5, 0, third, third, third, 0, 0, 1, NaN, NaN, NaN);
      await assertOnDevice(device, result, { shape: [4, 3], data, bound: 1e-6 }, "far out");
    },
  },
  {
    name: "rmsNorm() normalizes runs as long as the gain",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "rmsNorm")) {
        for (
          const [shape, cols, epsilon] of [
            [[1, 1], 1, 1e-5],
            [[3, 17], 17, 1e-6],
            [[2, 3, 130], 65, 0.5],
            [[5, 48], 8, 1e-5],
            [[3, 2049], 2049, 0],
          ] as const
        ) {
          const x = randomValues(shape, 1, dtype);
          const gain = randomValues([cols], 2, dtype);
          using array = put(device, x, dtype);
          using weights = put(device, gain, dtype);
          using result = device.rmsNorm(array, weights, epsilon);
          const wanted = rmsNorm(x, gain, epsilon, dtype);
          await assertOnDevice(device, result, wanted, `${dtype} [${shape}] by ${cols}`);
        }
      }
    },
  },
  {
    name: "rmsNorm() leaves zeros, hands on NaN row by row, and refuses gains that do not divide",
    async run({ device }) {
      using array = device.upload(tensor(Float32Array.of(0, 0, 3, 4, 1, NaN), [3, 2]));
      using ones = device.upload(tensor(Float32Array.of(1, 1), [2]));
      using result = device.rmsNorm(array, ones, 1e-5);
      const root = Math.sqrt(12.5 + 1e-5);
      const data = Float64Array.of(0, 0, 3 / root, 4 / root, NaN, NaN);
      await assertOnDevice(device, result, { shape: [3, 2], data, bound: 1e-6 }, "rows");
      using three = device.zeros([3]);
      using matrix = device.zeros([1, 2]);
      assertThrows(() => device.rmsNorm(array, three, 1), ShapeError);
      assertThrows(() => device.rmsNorm(array, matrix, 1), ShapeError);
    },
  },
  {
    name: "rotary() turns every pair by the angle of its position",
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "rotary")) {
        for (
          const [shape, half, positions] of [
            [[1, 2], 1, [0]],
            [[3, 12], 3, [5, 0, 5]],
            [[17, 64], 16, Array.from({ length: 17 }, (_, i) => (i * 7) % 19)],
            [[2, 3, 40], 10, [18, 1, 7]],
          ] as const
        ) {
          const x = randomValues(shape, 1, dtype);
          const [cos, sin] = randomAngles(19, half, dtype);
          using array = put(device, x, dtype);
          using cosines = put(device, cos, dtype);
          using sines = put(device, sin, dtype);
          using at = putIndices(device, positions);
          using result = device.rotary(array, cosines, sines, at);
          const wanted = rotary(x, cos, sin, positions, dtype);
          await assertOnDevice(device, result, wanted, `${dtype} [${shape}]`);
        }
      }
    },
  },
  {
    name: "rotary() refuses angles and positions that do not fit",
    run({ device }) {
      using x = device.zeros([3, 8]);
      using cos = device.zeros([5, 2]);
      using wide = device.zeros([5, 3]);
      using at = putIndices(device, [0, 1, 2]);
      using few = putIndices(device, [0, 1]);
      using numbers = device.zeros([3]);
      assertThrows(() => device.rotary(x, wide, wide, at), ShapeError);
      assertThrows(() => device.rotary(x, cos, wide, at), ShapeError);
      assertThrows(() => device.rotary(x, cos, cos, few), ShapeError);
      assertThrows(() => device.rotary(x, cos, cos, numbers), TypeError, "must be u32");
    },
  },
  ...ATTENTION_SETTINGS.map(([name, shapeQ, shapeK, options]): DeviceCase => ({
    name: `attention() weighs earlier values: ${name}`,
    async run(target) {
      const { device } = target;
      for (const dtype of floatsOf(target, "attention")) {
        const q = randomValues(shapeQ, 1, dtype);
        const k = randomValues(shapeK, 2, dtype);
        const v = randomValues(shapeK, 3, dtype);
        const { keyCount } = options;
        if (keyCount !== undefined) {
          // What lies beyond the keys that count must not be looked at.
          const [rows, cols] = shapeK.slice(-2);
          const unused = (i: number) => Math.floor(i / cols) % rows >= keyCount;
          for (const { data } of [k, v]) data.forEach((_, i) => unused(i) && (data[i] = NaN));
        }
        using queries = put(device, q, dtype);
        using keys = put(device, k, dtype);
        using values = put(device, v, dtype);
        using result = device.attention(queries, keys, values, options);
        await assertOnDevice(device, result, attention(q, k, v, options, dtype), dtype);
      }
    },
  })),
  {
    name: "attention() survives scores that would overflow",
    async run({ device }) {
      using q = device.upload(tensor(Float32Array.of(100, 100), [2, 1]));
      using k = device.upload(tensor(Float32Array.of(-100, 100), [2, 1]));
      using v = device.upload(tensor(Float32Array.of(3, 5), [2, 1]));
      using result = device.attention(q, k, v, { heads: 1 });
      assertEquals((await device.download(result)).data, Float32Array.of(3, 5));
    },
  },
  {
    name: "attention() refuses heads, counts and shapes that do not fit",
    run({ device }) {
      using q = device.zeros([3, 8]);
      using k = device.zeros([5, 4]);
      using batch = device.zeros([2, 5, 4]);
      using short = device.zeros([4, 4]);
      const heads = { heads: 2, kvHeads: 1 };
      assertThrows(() => device.attention(q, k, k, { heads: 3, kvHeads: 1 }), RangeError, "heads");
      assertThrows(
        () => device.attention(q, k, k, { heads: 2, kvHeads: 3 }),
        RangeError,
        "kvHeads",
      );
      assertThrows(
        () => device.attention(q, k, k, { ...heads, keyCount: 6 }),
        RangeError,
        "3 to 5",
      );
      assertThrows(
        () => device.attention(q, k, k, { ...heads, keyCount: 2 }),
        RangeError,
        "3 to 5",
      );
      assertThrows(() => device.attention(q, k, k, { ...heads, window: 0 }), RangeError, "window");
      assertThrows(() => device.attention(q, k, k, { heads: 2 }), ShapeError);
      assertThrows(() => device.attention(q, k, short, heads), ShapeError);
      assertThrows(() => device.attention(q, batch, batch, heads), ShapeError);
    },
  },
];
