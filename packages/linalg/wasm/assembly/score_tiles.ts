// What attention in tiles and its derivative share: products of packed panels that stay in a
// thread's memory, and the edges of what a query sees.
//
// A tile of results is kept as a panel of b is, two vectors to a row, so that it is the operand of
// the next product as it lies.

import { exp, expNegative } from "./exponential";
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

/** exp x for x ≤ 0, or little above. */
@inline
export function weight<T>(x: v128): v128 {
  return sizeof<T>() == 8 ? exp(x) : expNegative(x);
}

/** Makes scores that do not count −∞: those of lanes before `from`, and from `to` on. */
export function keepLanes<T>(row: usize, from: isize, to: isize): void {
  keepHalf<T>(row, <i32> from, <i32> to);
  const step = <isize> lanes<T>();
  keepHalf<T>(row + 16, <i32> (from - step), <i32> (to - step));
}

@inline
function keepHalf<T>(address: usize, from: i32, to: i32): void {
  const isKept = sizeof<T>() == 8
    ? v128.and(
      i64x2.ge_s(i64x2(0, 1), i64x2.splat(from)),
      i64x2.lt_s(i64x2(0, 1), i64x2.splat(to)),
    )
    : v128.and(
      i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(from)),
      i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(to)),
    );
  const none = v128.splat<T>(<T> -Infinity);
  v128.store(address, v128.bitselect(v128.load(address), none, isKept));
}
