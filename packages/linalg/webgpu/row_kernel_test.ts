// Rows of every length that changes how they are shared: by 16, 64 or 256 lanes, held in registers or
// read anew for each pass.

import type { AnyTensor } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { type Compute, integers, twinTest } from "./testing/twin_test.ts";

type Put = (tensor: AnyTensor) => DeviceArray;

/** A column within each row. */
function targets(rows: number, cols: number): AnyTensor {
  const data = Uint32Array.from({ length: rows }, (_, i) => (i * 7 + cols - 1) % cols);
  return { dtype: "u32", shape: [rows], data };
}

const ROWS = 5;

for (const cols of [1, 3, 64, 100, 513, 4096, 4099]) {
  const matrix = (put: Put, seed: number) => put(integers([ROWS, cols], seed));
  const vector = (put: Put, seed: number) => put(integers([cols], seed));
  const numbers = (put: Put) => put(integers([ROWS], 9));
  const kernels: readonly [name: string, compute: Compute][] = [
    ["softmax", (put, device) => device.softmax(matrix(put, 1))],
    ["rmsNorm", (put, device) => device.rmsNorm(matrix(put, 1), vector(put, 2), 1)],
    [
      "layerNorm",
      (put, device) => device.layerNorm(matrix(put, 1), vector(put, 2), vector(put, 3), 1),
    ],
    ["layerNorm", (put, device) => device.layerNorm(matrix(put, 1), vector(put, 2), null, 1)],
    ...(["x", "gain"] as const).map((part): [string, Compute] => [
      `rmsNormGradient by ${part}`,
      (put, device) =>
        device.rmsNormGradient(matrix(put, 1), vector(put, 2), matrix(put, 3), 1)[part],
    ]),
    ...(["x", "gain", "bias"] as const).map((part): [string, Compute] => [
      `layerNormGradient by ${part}`,
      (put, device) =>
        device.layerNormGradient(matrix(put, 1), vector(put, 2), matrix(put, 3), 1)[part],
    ]),
    [
      "crossEntropy",
      (put, device) => device.crossEntropy(matrix(put, 1), put(targets(ROWS, cols))),
    ],
    [
      "crossEntropyGradient",
      (put, device) =>
        device.crossEntropyGradient(matrix(put, 1), put(targets(ROWS, cols)), numbers(put)),
    ],
    ["klDivergence", (put, device) => device.klDivergence(matrix(put, 1), matrix(put, 2), 2)],
    [
      "klDivergenceGradient",
      (put, device) => device.klDivergenceGradient(matrix(put, 1), matrix(put, 2), numbers(put), 2),
    ],
  ];
  for (const [name, compute] of kernels) {
    // A lane sums up to 17 elements, and 8 more levels sum the lanes; exponents and summands are below
    // 32, results below 64: some 40 units in the last place of 64.
    twinTest(`${name}() of rows of ${cols}`, compute, { bound: 40 * 64 * 2 ** -24 });
  }
}
