// Packs rows of a for the micro-kernel, as `packRows` does, step after step of the inner dimension.

import { TILE_ROWS } from "./micro_kernel";
import { copyFour, copyTwo } from "./pack";

/**
 * Packs rows of a of which elements of one step are neighbours: for few rows, whose steps are far
 * apart in memory; `packRows` goes through all steps for every panel.
 *
 * @param count Rows of a.
 * @param packed All steps of the inner dimension, of which `depth` from step `from` on are packed.
 */
export function packLanes<T>(
  source: usize,
  depthStep: usize,
  count: usize,
  packed: usize,
  from: usize,
  depth: usize,
  target: usize,
): void {
  const size = sizeof<T>();
  const stride = packed * TILE_ROWS * size;
  const rest = count % TILE_ROWS;
  const whole = count - rest;
  const last = target + (whole * packed + from * rest) * size;
  target += from * TILE_ROWS * size;
  for (let step: usize = 0; step < depth; step++, source += depthStep) {
    let lane = source;
    let to = target + step * TILE_ROWS * size;
    for (let left = whole; left > 0; left -= TILE_ROWS, to += stride) {
      copyFour<T, T>(lane, to);
      copyTwo<T, T>(lane + 4 * size, to + 4 * size);
      lane += TILE_ROWS * size;
    }
    to = last + step * rest * size;
    if (rest & 4) {
      copyFour<T, T>(lane, to);
      lane += 4 * size;
      to += 4 * size;
    }
    if (rest & 2) {
      copyTwo<T, T>(lane, to);
      lane += 2 * size;
      to += 2 * size;
    }
    if (rest & 1) store<T>(to, load<T>(lane));
  }
}
