import { integers, twinTest } from "./testing/twin_test.ts";

// Where an element's place has one bit more than a step sees to, and blocks of several passes.
for (const block of [4, 8, 64, 128, 1024, 2048, 4096, 8192, 2 ** 17]) {
  const rows = Math.ceil(9000 / block);
  // Each level rounds once, a number below 4 · √block after scaling; and so do the scale and 1/√block.
  const bound = (Math.log2(block) + 2) * 2 ** -24 * 4 * Math.sqrt(block);
  twinTest(
    `hadamard() of blocks of ${block}`,
    (put, device) => device.hadamard(put(integers([rows, block], 1)), block),
    { bound },
  );
}

for (const block of [1, 2]) {
  twinTest(
    `hadamard() of blocks of ${block} that do not fill vectors`,
    (put, device) => device.hadamard(put(integers([5, 2 * block + 2], 1)), block),
    { bound: 2 ** -20 },
  );
}
