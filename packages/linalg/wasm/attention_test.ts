// What the tiles of attention and of its derivative add to the suite of all devices: tokens around
// the sizes of tiles and panels, windows that begin and end within one, heads that fill no vector.

import { assert } from "@std/assert";
import { put, randomValues } from "../testing/device_case.ts";
import {
  type AttentionSetting,
  gradientCase,
  statisticsCase,
} from "../testing/cases_attention_gradient.ts";
import { KERNEL_NAMES } from "../kernels.ts";
import { createWasmDevice } from "./wasm_device.ts";

const create = () => createWasmDevice({ threads: 2 });
const device = await create();
Deno.test.afterAll(() => device[Symbol.dispose]());

const SETTINGS: readonly AttentionSetting[] = [
  ["a panel and one query", [2, 9, 24], [2, 9, 8], { heads: 3, kvHeads: 1 }],
  ["a tile of queries and one", [145, 5], [145, 5], { heads: 1 }],
  ["a tile of keys and one", [20, 6], [265, 3], { heads: 2, kvHeads: 1 }],
  ["two tiles of both", [150, 4], [300, 4], { heads: 1 }],
  ["windows shorter than a panel", [61, 14], [61, 7], { heads: 2, kvHeads: 1, window: 3 }],
  ["windows of one token", [25, 4], [27, 4], { heads: 1, window: 1 }],
  ["windows over two tiles of each", [170, 3], [310, 3], { heads: 1, window: 147 }],
  ["keys that no window reaches", [10, 8], [290, 8], { heads: 2, window: 12 }],
  ["a head so long that few keys are a tile", [31, 701], [50, 701], { heads: 1 }],
  ["more heads on one of keys than a block has", [5, 300], [9, 1], { heads: 300, kvHeads: 1 }],
];

for (const { name, run } of [...SETTINGS.map(statisticsCase), ...SETTINGS.map(gradientCase)]) {
  Deno.test(`wasm by tiles: ${name}`, () =>
    run({ device, create, doubles: new Set(KERNEL_NAMES) }));
}

for (const dtype of ["f32", "f64"] as const) {
  Deno.test(`attention() hands values that are not finite to those alone who see them, ${dtype}`, async () => {
    const [tokens, size, window] = [40, 12, 5];
    using scope = device.scope();
    const [q, k] = [1, 2].map((seed) =>
      put(scope, randomValues([tokens, size], seed, dtype), dtype)
    );
    const v = randomValues([tokens, size], 3, dtype);
    // Rows 13 and 30, of one head each; those of a panel before and after them must not notice.
    v.data.fill(NaN, 13 * size, 13 * size + size / 2);
    v.data.fill(Infinity, 30 * size + size / 2, 31 * size);
    const options = { heads: 4, kvHeads: 4, window };
    const { data } = await scope.download(scope.attention(q, k, put(scope, v, dtype), options));
    for (let i = 0; i < data.length; i++) {
      const [row, isUpper] = [Math.floor(i / size), i % size >= size / 2];
      const [first, bad] = isUpper ? [30, Infinity] : [13, NaN];
      const isSeen = row >= first && row < first + window;
      assert(isSeen ? Object.is(data[i], bad) : Math.abs(Number(data[i])) < 1, `element ${i}`);
    }
  });
}
