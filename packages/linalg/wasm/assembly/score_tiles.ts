// What attention in tiles and its derivative share: products of packed panels that stay in a thread's
// memory, and the edges of what a query sees.
//
// A tile of results is kept as a panel of b is, two vectors to a row, so that it is the operand of the
// next product as it lies.

import { shortKernel, TILE_ROWS } from "./micro_kernel";
import { lanes } from "./simd";

/** Bytes of a row of a panel of b. */
export const LINE: usize = 32;

/** The next whole tile of rows. */
@inline
export function upToTile(rows: usize): usize {
  return (rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
}

/** The tile of rows that begins at or before. */
@inline
export function downToTile(rows: usize): usize {
  return rows / TILE_ROWS * TILE_ROWS;
}

/**
 * c = alpha · a · b (+ c) of rows of a by one panel of b, over a part of the inner dimension.
 *
 * @param rows All rows of a, or as many as whole tiles have.
 * @param packed Steps of the inner dimension that a was packed with.
 * @param from The first step to take; `depth` how many.
 * @param b The panel at that step.
 */
export function multiplyPart<T>(
  rows: usize,
  packed: usize,
  from: usize,
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  alpha: T,
  accumulate: bool,
): void {
  for (let row: usize = 0; row < rows; row += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - row);
    const start = a + from * height * sizeof<T>();
    shortKernel<T>(height, depth, start, b, c, LINE, alpha, accumulate);
    a += packed * TILE_ROWS * sizeof<T>();
    c += TILE_ROWS * LINE;
  }
}

/** Makes scores that do not count −∞: those of lanes before `from`, and from `to` on. */
export function keepLanes<T>(row: usize, from: isize, to: isize): void {
  const width = <isize> (2 * lanes<T>());
  for (let lane: isize = 0; lane < width; lane++, row += sizeof<T>()) {
    if (lane < from || lane >= to) store<T>(row, <T> -Infinity);
  }
}
