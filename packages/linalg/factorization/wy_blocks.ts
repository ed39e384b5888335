// Products of Householder reflectors in compact form, on a device from beginning to end.
//
// R. Schreiber and C. Van Loan, "A Storage-Efficient WY Representation for Products of Householder
// Transformations", SIAM J. Sci. Stat. Comput. 10, 1989. With vectors as rows of V:
//
//   H_1 H_2 … = I - Vᵀ T V    (I - V₁ᵀ T₁ V₁)(I - V₂ᵀ T₂ V₂): T = [T₁ -T₁ (V₁ V₂ᵀ) T₂; 0 T₂]

import type { Device, DeviceArray } from "../device.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/** A product of reflectors that leaves the first `first` elements of a vector alone. */
export interface WyBlock {
  readonly first: number;
  /** The vectors without what they leave alone, `[count, length]`. */
  readonly v: DeviceArray;
  /** T, `[count, count]`. */
  readonly t: DeviceArray;
}

/**
 * Multiplies neighbouring blocks until each has `count` reflectors or more.
 *
 * @param blocks In the order of the product; that of `second` begins `count` elements after `first`.
 */
export function joinBlocks(
  device: Device,
  dtype: MatrixDtype,
  blocks: readonly WyBlock[],
  count: number,
): WyBlock[] {
  const joined: WyBlock[] = [];
  for (const block of blocks) {
    const before = joined.at(-1);
    if (before && before.v.shape[0] + block.v.shape[0] <= count) {
      joined[joined.length - 1] = join(device, dtype, before, block);
    } else joined.push(block);
  }
  return joined;
}

function join(outer: Device, dtype: MatrixDtype, a: WyBlock, b: WyBlock): WyBlock {
  const [countA, length] = a.v.shape;
  const [countB] = b.v.shape;
  const offset = b.first - a.first;
  const v = outer.zeros([countA + countB, length], dtype);
  const t = outer.zeros([countA + countB, countA + countB], dtype);
  using device = outer.scope();
  device.write(v, a.v, 0, 0);
  device.write(v, b.v, countA, offset);
  device.write(t, a.t, 0, 0);
  device.write(t, b.t, countA, countA);
  const shared = device.matmul(device.slice(a.v, { col: offset }), b.v, { transposeB: true });
  const corner = device.matmul(device.matmul(a.t, shared), b.t);
  device.write(t, device.scale(corner, -1), 0, countA);
  return { first: a.first, v, t };
}

/**
 * Multiplies every row of `x`, as a vector, by the product of all blocks, in place: X becomes X Qᵀ.
 */
export function applyBlocks(outer: Device, blocks: readonly WyBlock[], x: DeviceArray): void {
  for (const { first, v, t } of blocks.toReversed()) {
    using device = outer.scope();
    const reached = first > 0 ? device.slice(x, { col: first }) : x;
    const products = device.matmul(reached, v, { transposeB: true });
    const turned = device.matmul(products, t, { transposeB: true });
    device.matmul(turned, v, { alpha: -1, into: x, col: first });
  }
}
