// Copies panels of b back to where their lanes are rows.

import { tileCols } from "./micro_kernel";
import { transposeFour, transposeTwo } from "./pack";

/**
 * Undoes `packCols` where elements of a lane are neighbours.
 *
 * @param count Lanes, of which the last panel may hold fewer than it is wide.
 * @param laneStep Bytes from one lane to the next in `target`.
 */
export function unpackCols<T>(
  source: usize,
  count: usize,
  depth: usize,
  target: usize,
  laneStep: usize,
): void {
  for (let lane: usize = 0; lane < count; lane += tileCols<T>(), source += depth * 32) {
    const width = min(tileCols<T>(), count - lane);
    unpackPanel<T>(source, width, depth, target + lane * laneStep, laneStep);
  }
}

function unpackPanel<T>(
  source: usize,
  lanes: usize,
  depth: usize,
  target: usize,
  laneStep: usize,
): void {
  let left = depth;
  if (sizeof<T>() == 8) {
    for (; left >= 2; left -= 2, source += 64, target += 16) {
      transposeTwo(source, 32, lanes, target, laneStep);
    }
  } else {
    for (; left >= 4; left -= 4, source += 128, target += 16) {
      transposeFour(source, 32, lanes, target, laneStep);
    }
  }
  for (; left > 0; left--, source += 32, target += sizeof<T>()) {
    for (let lane: usize = 0; lane < lanes; lane++) {
      store<T>(target + lane * laneStep, load<T>(source + lane * sizeof<T>()));
    }
  }
}
