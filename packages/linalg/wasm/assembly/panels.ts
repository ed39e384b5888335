// The product of packed rows of a with one packed panel of b, tile by tile, and where a thread keeps
// them: a in the second cache, b in the first.

import { divideUp, scratchAt } from "./memory";
import { microKernel, shortKernel, TILE_ROWS, tileCols } from "./micro_kernel";

/** The most rows of a that are packed at a time: 264 KiB, for a second cache of 512 KiB or more. */
export const BLOCK_ROWS: usize = 264;

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

/** One panel of b: two vectors of columns. */
const PANEL_BYTES: usize = 8 * 1024;

const PACKED_A: usize = 0;
const PACKED_B: usize = BLOCK_ROWS * 1024;
const TILE: usize = PACKED_B + PANEL_BYTES;
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

/** So many columns may be written that none is left out. */
export const ALL_COLUMNS: isize = isize.MAX_VALUE / 2;

/**
 * c = alpha · a · b (+ c) for all rows of a and one panel of b.
 *
 * @param lead The bytes between rows of c.
 * @param right How many columns of row 0 may be written; one more of each row below.
 */
export function multiplyPanel<T>(
  rows: usize,
  width: usize,
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  lead: usize,
  alpha: T,
  accumulate: bool,
  right: isize,
): void {
  const panel = depth * TILE_ROWS * sizeof<T>();
  for (let i: usize = 0; i < rows; i += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - i);
    if (width == tileCols<T>() && right >= <isize> tileCols<T>()) {
      if (height == TILE_ROWS) microKernel<T>(depth, a, b, c, lead, alpha, accumulate);
      else shortKernel<T>(height, depth, a, b, c, lead, alpha, accumulate);
    } else if (right + <isize> height > 1) {
      edgeTile<T>(depth, a, b, c, lead, height, width, right, alpha, accumulate);
    }
    a += panel;
    c += TILE_ROWS * lead;
    right += TILE_ROWS;
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
