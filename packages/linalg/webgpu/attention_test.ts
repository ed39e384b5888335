// What tiles and parts of attention add to the conformance suite: rows of several heads in a tile,
// parts that a row sees nothing of, heads longer than a workgroup serves.

import { assert, assertEquals } from "@std/assert";
import { randomUniform, tensor } from "@pare/tensor";
import { downloadF32 } from "../device.ts";
import { deviceTest } from "./testing/gpu_test_device.ts";
import { integers, twinTest } from "./testing/twin_test.ts";

const SETTINGS: readonly [
  name: string,
  queries: number,
  keys: number,
  heads: number,
  kvHeads: number,
  headSize: number,
  window: number,
][] = [
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
