// The fast Hadamard transform, against what cannot be beaten: copying the array.

import { randomNormal } from "@pare/tensor";
import { onDevice } from "./contenders.ts";
import { type Row, row } from "./row.ts";
import type { Setup } from "./setup.ts";

/** Widths of a weight matrix and the blocks in them: powers of two, and others times 28 and 344. */
const BLOCKS = [[4096, 128], [4096, 4096], [14336, 14336], [11008, 11008]];

/** The transforms. */
export function hadamardRows({ device }: Setup): Row[] {
  const copy = "copy";
  return BLOCKS.map(([width, block]) =>
    row({
      name: `hadamard 512×${width}, blocks of ${block}`,
      operands: () => ({ x: randomNormal([512, width], { seed: 1 }) }),
      contenders: [
        onDevice(device, ({ x }) => device.hadamard(x, block)),
        onDevice(device, ({ x }) => device.cast(x, "f32"), { name: copy }),
      ],
      comparisons: [{ against: [copy] }],
    })
  );
}
