// Products of Householder reflectors in compact form, on a device from beginning to end.
//
// R. Schreiber and C. Van Loan, "A Storage-Efficient WY Representation for Products of Householder
// Transformations", SIAM J. Sci. Stat. Comput. 10, 1989. With vectors as rows of V:
//
//   H_1 H_2 … = I - Vᵀ T V    (I - V₁ᵀ T₁ V₁)(I - V₂ᵀ T₂ V₂): T = [T₁ -T₁ (V₁ V₂ᵀ) T₂; 0 T₂]

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/** Rows that a block is applied to at a time: what it reaches of them is copied. */
const ROWS = 1024;

/** A product of reflectors that leaves the first `first` elements of a vector alone. */
export interface WyBlock {
  readonly first: number;
  /** The vectors without what they leave alone, `[count, length]`. */
  readonly v: DeviceArray;
  /** T, `[count, count]`. */
  readonly t: DeviceArray;
}

/**
 * Multiplies neighbouring blocks as long as a product has no more than `count` reflectors.
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
  for (const block of blocks.toReversed()) applyBlock(outer, block, x);
}

/** Which rows a block is applied to, and how. */
export interface ApplyOptions {
  /** The first row. @default {0} */
  row?: number;
  /** Whether to multiply by the transposed block. @default {false} */
  transpose?: boolean;
}

/** Multiplies rows of `x`, as vectors, by one block, in place. */
export function applyBlock(
  outer: Device,
  { first, v, t }: WyBlock,
  x: DeviceArray,
  options: ApplyOptions = {},
): void {
  const { row: begin = 0, transpose = false } = options;
  const [end] = x.shape;
  for (let row = begin; row < end; row += ROWS) {
    using device = outer.scope();
    const rows = Math.min(ROWS, end - row);
    const reached = first > 0 || rows < end ? device.slice(x, { row, rows, col: first }) : x;
    const products = device.matmul(reached, v, { transposeB: true });
    const turned = device.matmul(products, t, { transposeB: !transpose });
    device.matmul(turned, v, { alpha: -1, into: x, row, col: first });
  }
}

/**
 * Writes out the first `count` columns of the product of all blocks as rows, `[count, length]`.
 *
 * A block leaves the unit vectors before its first element alone, so that the last block comes first
 * and each one only touches the rows from there on.
 */
export function formColumns(
  device: Device,
  dtype: MatrixDtype,
  blocks: readonly WyBlock[],
  count: number,
  length: number,
): DeviceArray {
  const identity = new Float32Array(count * length);
  for (let i = 0; i < Math.min(count, length); i++) identity[i * length + i] = 1;
  using uploaded = device.upload({ dtype: "f32", shape: [count, length], data: identity });
  const target = device.cast(uploaded, dtype);
  for (const block of blocks.toReversed()) applyBlock(device, block, target, { row: block.first });
  return target;
}
