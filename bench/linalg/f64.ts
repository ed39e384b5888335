// Products and Gram matrices in f64, against our own f32: the vectors are half as wide, so half the
// rate is what there is.
//
// A Gram matrix of x `[tokens, n]` is worth tokens·n·(n + 1) operations: each of its n·(n + 1)/2
// different elements takes `tokens` multiplications and additions. Computing all n² of them would
// cost nearly twice that.

import type { Device } from "@pare/linalg";
import { castTo, randomNormal, type Tensor } from "@pare/tensor";
import { inNumpy, onDevice, OURS } from "./contenders.ts";
import { normalF64 } from "./matrices.ts";
import { peak } from "./peak.ts";
import { type Contender, type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

const F32 = `${OURS}, f32 matmul`;

/** The f32 product that an f64 one is compared with, of the same values. */
function inF32(device: Device, flops: number): Contender<{ readonly b: Tensor<"f64"> }> {
  return {
    name: F32,
    flops,
    prepare: ({ b }, resources) => {
      const narrow = resources.use(device.upload(castTo(b, "f32")));
      return () => device.matmul(narrow, narrow)[Symbol.dispose]();
    },
  };
}

/** The f64 products and Gram matrices. */
export function f64Rows(setup: Setup): Row[] {
  const { device, numpy, threads, quick } = setup;
  const sizes = [512, 1024, 2048].filter((n) => !quick || n <= 1024);
  return [
    ...sizes.map((n) =>
      row({
        name: `f64 matmul ${n}×${n}×${n}`,
        flops: 2 * n ** 3,
        operands: () => ({ a: normalF64([n, n], 1), b: normalF64([n, n], 2) }),
        contenders: [
          onDevice(device, ({ a, b }) => device.matmul(a, b)),
          inF32(device, 2 * n ** 3),
          peak("f64", threads),
          ...inNumpy(numpy, "a @ b"),
        ],
        comparisons: [
          { against: [F32], goal: 0.5 },
          { against: ["f64 peak"] },
          { against: ["numpy"] },
        ],
      })
    ),
    ...[[2048, 512], [2048, 2048]].filter(([, n]) => !quick || n <= 1024).map(([tokens, n]) =>
      row<{ readonly x: Tensor; readonly b: Tensor<"f64"> }>({
        name: `gram of ${tokens}×${n}`,
        flops: tokens * n * (n + 1),
        operands: () => ({ x: randomNormal([tokens, n], { seed: 1 }), b: normalF64([n, n], 2) }),
        contenders: [
          {
            name: OURS,
            prepare: ({ x }, resources) => {
              const inputs = resources.use(device.upload(x));
              const sum = resources.use(device.zeros([n, n], "f64"));
              return () => device.gram(inputs, sum);
            },
          },
          inF32(device, 2 * n ** 3),
        ],
        comparisons: [{ against: [F32], goal: 0.5 }],
      })
    ),
  ];
}
