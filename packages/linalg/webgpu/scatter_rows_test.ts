// What the search for equal indices adds to the conformance suite: more of them than are compared at
// a time, and rows wider than a workgroup adds.

import { assertEquals } from "@std/assert";
import { randomUniform, tensor } from "@pare/tensor";
import { deviceTest } from "./testing/gpu_test_device.ts";
import { indices, integers, twinTest } from "./testing/twin_test.ts";

for (const [count, rows, cols] of [[3000, 3, 7], [2100, 400, 2], [70, 9, 600]]) {
  twinTest(`scatterRows() of ${count} rows of ${cols} onto ${rows}`, (put, device) => {
    const target = put(integers([rows, cols], 1));
    device.scatterRows(target, put(indices(count, rows)), put(integers([count, cols], 2)));
    return target;
  });
}

deviceTest("scatterRows() adds in the order of the rows", async (device) => {
  const data = randomUniform([2100, 1], { seed: 1 }).data;
  using target = device.zeros([2, 1]);
  using zeros = device.upload({ dtype: "u32", shape: [2100], data: new Uint32Array(2100) });
  using rows = device.upload(tensor(data, [2100, 1]));
  device.scatterRows(target, zeros, rows);
  const sum = data.reduce((sum, value) => Math.fround(sum + value), 0);
  assertEquals((await device.download(target)).data, Float32Array.of(sum, 0));
});
