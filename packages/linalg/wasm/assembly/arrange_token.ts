// One token in the order in which codes come out of their lanes, divided by what they are too large
// by there, and its sum over each group. A thread does that once for all of its tasks.

import { firstBit, LONG_STEP, maskedCodes, writeLanes } from "./code_lanes";
import { run, word } from "./memory";
import { spare } from "./panels";

/** The most columns that there is room for in a thread's own memory. */
export const MOST_COLS: usize = 64 * 1024;
/** Where the arranged token begins; before it the layout of the lanes. */
const TOKEN: usize = 64;
/** Where its sums begin; the token is filled up to a whole step. */
const SUMS: usize = TOKEN + 4 * (MOST_COLS + LONG_STEP);

/** For which operation this thread has arranged a token. */
let known: u32 = 0;

/** The layout of the lanes, as `writeLanes` writes it. */
@inline
export function laneLayout(): usize {
  return spare();
}

@inline
export function tokenLanes(): usize {
  return spare() + TOKEN;
}

@inline
export function groupSums(): usize {
  return spare() + SUMS;
}

/** Arranges the token, unless this thread has done so for this operation. */
export function arrangeToken(step: usize): void {
  if (known == run()) return;
  known = run();
  writeLanes(step, laneLayout());
  const bits = word(7);
  const perLane = step / 4;
  const first = firstBit(step);
  for (let col: usize = 0, to = tokenLanes(); col < word(6); col += step) {
    for (let code: usize = 0; code < perLane; code++, to += 16) {
      const bit = first + code % maskedCodes(step) * bits;
      const factor = <f32> 1 / <f32> ((<u32> 1) << <u32> bit);
      for (let lane: usize = 0; lane < 4; lane++) {
        store<f32>(to + 4 * lane, factor * numberAt(col + lane * perLane + code));
      }
    }
  }
  sumGroups();
}

/** A number of the token, and zero behind its last one. */
@inline
function numberAt(col: usize): f32 {
  return col < word(6) ? load<f32>(word(3) + col * 4) : 0;
}

function sumGroups(): void {
  const cols = word(6);
  const size = word(9) ? word(8) : cols;
  let to = groupSums();
  for (let col: usize = 0; col < cols; col += size, to += 4) {
    let sum: f32 = 0;
    for (let i = col, end = min(cols, col + size); i < end; i++) sum += load<f32>(word(3) + i * 4);
    store<f32>(to, sum);
  }
}
