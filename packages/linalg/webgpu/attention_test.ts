// What tiles and parts of attention add to the conformance suite: rows of several heads in a tile,
// parts that a row sees nothing of, heads longer than a workgroup serves.

import { assert, assertEquals } from "@std/assert";
import { randomUniform, tensor } from "@pare/tensor";
import { downloadF32 } from "../device.ts";
import type { AttentionGradient } from "../training_steps.ts";
import { deviceTest } from "./testing/gpu_test_device.ts";
import { integers, twinTest } from "./testing/twin_test.ts";

type Setting = readonly [
  name: string,
  queries: number,
  keys: number,
  heads: number,
  kvHeads: number,
  headSize: number,
  window: number,
];

const SETTINGS: readonly Setting[] = [
  ["three heads in a tile", 23, 40, 3, 1, 8, 1000],
  ["parts of many keys", 1, 333, 4, 2, 12, 1000],
  ["parts that some rows see nothing of", 70, 400, 1, 1, 4, 60],
  ["a head longer than a workgroup serves", 5, 9, 1, 1, 132, 1000],
  ["parts and a long head of odd length", 2, 130, 1, 1, 131, 1000],
];

for (const [name, queries, keys, heads, kvHeads, headSize, window] of SETTINGS) {
  // Scores are exact; what is left are exponentials and sums of weights below 1 times values below 4.
  twinTest(`attention() with ${name}`, (put, device) => {
    const q = put(integers([queries, heads * headSize], 1));
    const [k, v] = [2, 3].map((seed) => put(integers([keys, kvHeads * headSize], seed)));
    return device.attention(q, k, v, { heads, kvHeads, window, scale: 0.125 });
  }, { bound: 1e-4 });
  twinTest(`attention() tells the log-sum-exp with ${name}`, (put, device) => {
    const q = put(integers([queries, heads * headSize], 1));
    const [k, v] = [2, 3].map((seed) => put(integers([keys, kvHeads * headSize], seed)));
    const logSumExp = device.zeros([queries, heads]);
    device.attention(q, k, v, { heads, kvHeads, window, scale: 0.125, logSumExp });
    return logSumExp;
  }, { bound: 1e-4 });
}

const GRADIENT_SETTINGS: readonly Setting[] = [
  ...SETTINGS,
  ["heads of one group", 50, 50, 6, 2, 16, 1000],
  ["a window", 100, 100, 2, 1, 8, 37],
  ["keys that no query sees", 5, 100, 2, 2, 8, 9],
  ["heads longer than a workgroup has keys of", 40, 40, 2, 2, 96, 1000],
];

for (const [name, queries, keys, heads, kvHeads, headSize, window] of GRADIENT_SETTINGS) {
  for (const part of ["q", "k", "v"] as const satisfies (keyof AttentionGradient)[]) {
    twinTest(`attentionGradient() by ${part} with ${name}`, (put, device) => {
      const options = { heads, kvHeads, window, scale: 0.125 };
      const [q, gradient] = [1, 4].map((seed) => put(integers([queries, heads * headSize], seed)));
      const [k, v] = [2, 3].map((seed) => put(integers([keys, kvHeads * headSize], seed)));
      const logSumExp = device.zeros([queries, heads]);
      const out = device.attention(q, k, v, { ...options, logSumExp });
      return device.attentionGradient({ q, k, v, out, logSumExp }, gradient, options)[part];
      // A probability errs by some 2^-18, as L is up to 100; derivatives of scores are below 16 √headSize
      // times it, and sum to below 4 times that as probabilities sum to 1 along a row.
    }, { bound: 2 ** -18 * 64 * Math.sqrt(headSize) });
  }
}

deviceTest(
  "attention() hands values that are not finite to those alone who see them",
  async (device) => {
    const [queries, size] = [40, 8];
    const q = randomUniform([queries, size], { seed: 1 });
    const v = tensor(randomUniform([queries, size], { seed: 2 }).data.slice(), [queries, size]);
    v.data.fill(NaN, 33 * size);
    const [array, values] = [device.upload(q), device.upload(v)];
    const { data } = await downloadF32(
      device,
      device.attention(array, array, values, { heads: 2 }),
    );
    for (const [i, value] of data.entries()) {
      assertEquals(Number.isNaN(value), i >= 33 * size, `element ${i}`);
      assert(i >= 33 * size || (value > 0 && value < 1), "a mean of numbers from 0 to 1");
    }
  },
);

deviceTest(
  "attentionGradient() hands what is not finite to those alone who are seen",
  async (device) => {
    const [queries, size, heads] = [80, 8, 2];
    const [q, k, v] = [1, 2, 3].map((seed) =>
      device.upload(randomUniform([queries, size], { seed }))
    );
    const gradient = randomUniform([queries, size], { seed: 4 }).data.slice();
    gradient.fill(NaN, 37 * size, 38 * size);
    const logSumExp = device.zeros([queries, heads]);
    const out = device.attention(q, k, v, { heads, logSumExp });
    const record = { q, k, v, out, logSumExp };
    const coming = device.upload(tensor(gradient, [queries, size]));
    const gradients = device.attentionGradient(record, coming, { heads });
    for (const part of ["q", "k", "v"] as const) {
      const { data } = await downloadF32(device, gradients[part]);
      for (const [i, value] of data.entries()) {
        const row = Math.floor(i / size);
        const isReached = part === "q" ? row === 37 : row <= 37;
        assertEquals(Number.isFinite(value), !isReached, `element ${i} of ${part}`);
      }
    }
  },
);
