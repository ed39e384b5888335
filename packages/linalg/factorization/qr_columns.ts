// The reflectors of a QR factorization, by panels joined to blocks: the part of `qr.ts` that has the
// references, and that stays on the device.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { MAX_PANEL } from "../step_kernels.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { applyBlock, joinBlocks, type WyBlock } from "./wy_blocks.ts";

/** Columns whose reflectors are applied together to what is right of them. */
const BLOCK = 128;

/**
 * Makes the columns of a matrix triangular, in place.
 *
 * @param columns Aᵀ, `[cols, rows]`; becomes Rᵀ, the signs of its diagonal as they come.
 * @returns The reflectors of Q, in the order of the product.
 */
export function factorizeColumns(device: Device, columns: DeviceArray): WyBlock[] {
  const rank = Math.min(...columns.shape);
  const blocks: WyBlock[] = [];
  for (let j = 0; j < rank; j += BLOCK) {
    const block = factorizeBlock(device, columns, j, Math.min(BLOCK, rank - j));
    blocks.push(block);
    applyBlock(device, block, columns, { row: j + block.v.shape[0], transpose: true });
  }
  return blocks;
}

/**
 * Makes `count` columns from `first` on triangular.
 *
 * @param columns The transposed matrix; rows `first` to `first + count` become those of R, transposed,
 * with zeros beyond the diagonal.
 * @returns The reflectors, as one block.
 */
function factorizeBlock(
  outer: Device,
  columns: DeviceArray,
  first: number,
  count: number,
): WyBlock {
  const dtype = columns.dtype as MatrixDtype;
  const [, length] = columns.shape;
  using device = outer.scope();
  // What the block consists of, from its first element on.
  const own = device.slice(columns, { row: first, rows: count, col: first });
  const panels: WyBlock[] = [];
  for (let j = 0; j < count; j += MAX_PANEL) {
    const width = Math.min(MAX_PANEL, count - j);
    const v = device.slice(own, { row: j, rows: width, col: j });
    const { t, r } = device.householderPanel(v);
    const panel = { first: j, v, t };
    panels.push(panel);
    applyBlock(device, panel, own, { row: j + width, transpose: true });
    device.write(own, device.zeros([width, length - first - j], dtype), j, j);
    device.write(own, device.transpose(r), j, j);
  }
  device.write(columns, own, first, first);
  const [{ v, t }] = joinBlocks(device, dtype, panels, count);
  return { first, v: device.keep(v), t: device.keep(t) };
}
