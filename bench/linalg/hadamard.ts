// The fast Hadamard transform, against what cannot be beaten: copying the array.

import { randomNormal } from "@pare/tensor";
import { onDevice } from "./contenders.ts";
import { type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

/** Rows of a weight matrix, and the blocks that are transformed in them. */
const BLOCKS = [128, 4096];

/** The transforms. */
export function hadamardRows({ device }: Setup): Row[] {
  const copy = "copy";
  return BLOCKS.map((block) =>
    row({
      name: `hadamard 1024×4096, blocks of ${block}`,
      operands: () => ({ x: randomNormal([1024, 4096], { seed: 1 }) }),
      contenders: [
        onDevice(device, ({ x }) => device.hadamard(x, block)),
        onDevice(device, ({ x }) => device.cast(x, "f32"), { name: copy }),
      ],
      comparisons: [{ against: [copy] }],
    })
  );
}
