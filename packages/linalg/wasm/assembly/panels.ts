// The product of packed panels, tile by tile, and where a thread keeps them.

import { divideUp, scratchAt } from "./memory";
import { microKernel, shortKernel, TILE_ROWS, tileCols } from "./micro_kernel";

/**
 * The most rows of a, and columns of b, that are packed at a time: 264 and 512 KiB, which share a
 * second cache of 1 MiB.
 */
export const BLOCK_ROWS: usize = 264;
export const BLOCK_COLS: usize = 512;

/** The length of blocks that are all alike, at most `most` long, and multiples of `unit`. */
@inline
export function evenBlock(length: usize, most: usize, unit: usize): usize {
  return divideUp(divideUp(length, divideUp(length, most)), unit) * unit;
}

/** Steps of the inner dimension that are packed at a time: panels of 1 KiB per lane. */
@inline
export function blockDepth<T>(): usize {
  return 1024 / sizeof<T>();
}

const PACKED_A: usize = 0;
const PACKED_B: usize = BLOCK_ROWS * 1024;
const TILE: usize = PACKED_B + BLOCK_COLS * 1024;
/** Where the memory begins that a kernel may use besides the panels. */
const SPARE: usize = TILE + TILE_ROWS * 32;
/** Bytes of it. */
const SPARE_BYTES: usize = 450 * 1024;
/** All that a thread needs. */
export const SCRATCH_BYTES: usize = SPARE + SPARE_BYTES;

@inline
export function packedA(): usize {
  return scratchAt(PACKED_A);
}

@inline
export function packedB(): usize {
  return scratchAt(PACKED_B);
}

@inline
export function spare(): usize {
  return scratchAt(SPARE);
}

/** A diagonal so far right that nothing lies beyond it. */
export const ALL_COLUMNS: isize = BLOCK_COLS;

/**
 * c = alpha · a · b (+ c) for the packed panels.
 *
 * @param lead The bytes between rows of c.
 * @param diagonal Of row i, columns up to i + diagonal are written.
 */
export function multiplyPanels<T>(
  rows: usize,
  cols: usize,
  depth: usize,
  c: usize,
  lead: usize,
  alpha: T,
  accumulate: bool,
  diagonal: isize,
): void {
  const panelB = depth * 32;
  const panelA = depth * TILE_ROWS * sizeof<T>();
  let b = packedB();
  for (let j: usize = 0; j < cols; j += tileCols<T>(), b += panelB) {
    const width = min(tileCols<T>(), cols - j);
    let a = packedA();
    for (let i: usize = 0; i < rows; i += TILE_ROWS, a += panelA) {
      const height = min(TILE_ROWS, rows - i);
      const target = c + i * lead + j * sizeof<T>();
      // What row 0 of the tile may write, counted from its first column.
      const right = <isize> (i - j) + diagonal + 1;
      if (right + <isize> height <= 1) continue;
      if (width == tileCols<T>() && right >= <isize> tileCols<T>()) {
        if (height == TILE_ROWS) microKernel<T>(depth, a, b, target, lead, alpha, accumulate);
        else shortKernel<T>(height, depth, a, b, target, lead, alpha, accumulate);
      } else edgeTile<T>(depth, a, b, target, lead, height, width, right, alpha, accumulate);
    }
  }
}

/**
 * A tile that c has no room for is computed aside, with the same roundings.
 *
 * @param right How many columns of row 0 may be written; one more of each row below.
 */
function edgeTile<T>(
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  lead: usize,
  height: usize,
  width: usize,
  right: isize,
  alpha: T,
  accumulate: bool,
): void {
  const tile = scratchAt(TILE);
  if (accumulate) copyRows<T>(c, lead, tile, 32, height, width, right);
  shortKernel<T>(height, depth, a, b, tile, 32, alpha, accumulate);
  copyRows<T>(tile, 32, c, lead, height, width, right);
}

function copyRows<T>(
  source: usize,
  sourceLead: usize,
  target: usize,
  targetLead: usize,
  height: usize,
  width: usize,
  right: isize,
): void {
  for (let i: usize = 0; i < height; i++, right++) {
    const count = <usize> max<isize>(0, min<isize>(<isize> width, right));
    for (let j: usize = 0; j < count * sizeof<T>(); j += sizeof<T>()) {
      store<T>(target + j, load<T>(source + j));
    }
    source += sourceLead;
    target += targetLead;
  }
}
