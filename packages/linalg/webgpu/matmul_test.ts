// Products in tiles of every side and in parts, which the shapes of the conformance suite are too
// small for: here few workgroups fill the machine, or very many do.

import { assertEquals } from "@std/assert";
import { planTiles } from "./matmul_plan.ts";
import { integers, twinTest } from "./testing/twin_test.ts";

const TRANSPOSES = [[false, false], [false, true], [true, false], [true, true]] as const;

/** Around the edges of the tiles of both larger sides; multiples of four and others. */
const SHAPES = [
  [127, 125, 1],
  [128, 124, 12],
  [249, 255, 17],
  [63, 64, 65],
  [129, 65, 8],
  [60, 64, 20],
] as const;

for (const [i, [m, n, k]] of SHAPES.entries()) {
  const { side } = planTiles({ m, n, k, batch: 1 }, 1, 1);
  const [transposeA, transposeB] = TRANSPOSES[i % 4];
  twinTest(`matmul() in tiles of ${side}: [${m}, ${k}] by [${k}, ${n}]`, (put, device) => {
    const a = put(integers(transposeA ? [k, m] : [m, k], 1));
    const b = put(integers(transposeB ? [n, k] : [k, n], 2));
    return device.matmul(a, b, { transposeA, transposeB, alpha: 2 });
  }, { fullGroups: 1 });
}

twinTest("matmul() in tiles of 64 writes a lower triangle across their edges", (put, device) => {
  const into = put(integers([140, 131], 3));
  const options = { into, row: 5, col: 1, triangle: "lower" } as const;
  return device.matmul(put(integers([129, 12], 1)), put(integers([12, 130], 2)), options);
}, { fullGroups: 1 });

twinTest("matmul() of stacks of halves in tiles of 64", (put, device) => {
  const a = put(integers([2, 61, 5], 1, "f16"));
  return device.matmul(a, put(integers([2, 5, 63], 2, "f16")));
}, { fullGroups: 1 });

const DEEP = [[5, 7, 1100], [8, 12, 1024], [1, 40, 1500], [3, 6, 777], [40, 2, 1100]] as const;

for (const [m, n, k] of DEEP) {
  twinTest(`matmul() in parts: [${m}, ${k}] by [${k}, ${n}]`, (put, device) => {
    const a = put(integers([m, k], 1));
    return device.matmul(a, put(integers([n, k], 2)), { transposeB: true, alpha: 0.5 });
  });
}

twinTest("matmul() adds parts to a rectangle, and only there", (put, device) => {
  const into = put(integers([9, 21], 3));
  const [a, b] = [put(integers([6, 600], 1)), put(integers([600, 13], 2))];
  return device.matmul(a, b, { alpha: -1, into, row: 2, col: 7 });
});

twinTest("matmul() of stacks in parts", (put, device) => {
  return device.matmul(put(integers([3, 5, 520], 1)), put(integers([3, 520, 9], 2)));
});

for (const bits of [3, 4]) {
  for (const [tokens, cols, fullGroups] of [[70, 96, 1], [6, 544, 256]]) {
    twinTest(
      `affineMatmul() of ${bits} bits, ${tokens} tokens, ${cols} columns`,
      (put, device) =>
        device.affineMatmul(put(integers([tokens, cols], 1)), {
          codes: put(integers([66, cols * bits / 8], 2, "u8")),
          scales: put(integers([66, cols / 32], 3)),
          zeroPoints: put(integers([66, cols / 32], 4)),
          bits,
          groupSize: 32,
          rows: 66,
          cols,
        }),
      { fullGroups },
    );
  }
}

for (const bits of [2, 3, 4, 8]) {
  // Rows of codes that are loads of four words, of two and of one.
  twinTest(
    `affineMatmul() of ${bits} bits, three tokens`,
    (put, device) =>
      device.affineMatmul(put(integers([3, 256], 1)), {
        codes: put(integers([70, 32 * bits], 2, "u8")),
        scales: put(integers([70, 4], 3)),
        zeroPoints: put(integers([70, 4], 4)),
        bits,
        groupSize: 64,
        rows: 70,
        cols: 256,
      }),
  );
}

Deno.test("planTiles() fills a large machine, then takes the largest tiles", () => {
  const plan = (m: number, n: number, k: number, batch = 1) => {
    const { side, groups, parts } = planTiles({ m, n, k, batch }, 256, Infinity);
    return [side, groups, parts];
  };
  assertEquals(plan(4096, 4096, 4096), [128, 1024, 1]);
  assertEquals(plan(1024, 1024, 1024), [64, 256, 1]);
  assertEquals(plan(64, 64, 64, 1000), [64, 1, 1]);
  // A short product with much depth is cut into parts, which are no less than 256 deep.
  assertEquals(plan(128, 128, 65536), [64, 4, 64]);
  assertEquals(plan(16, 16, 1000), [32, 1, 3]);
  assertEquals(plan(16, 16, 100), [32, 1, 1]);
});
