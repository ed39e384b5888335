// Copies a rectangle of a matrix.

import { divideUp, GRAIN, word } from "./memory";

/** Bytes of a row that is copied vector by vector. */
const SHORT: usize = 128;

/** Rows in one task. */
@inline
function share(): usize {
  return max<usize>(1, 4 * GRAIN / word(5));
}

export function copyBlockTasks(): usize {
  return divideUp(word(4), share());
}

/** Source, bytes between its rows, target, bytes between its rows, rows, bytes of a row. */
export function copyBlockTask(task: usize): void {
  const end = min(word(4), (task + 1) * share());
  const bytes = word(5);
  let source = word(0) + task * share() * word(1);
  let target = word(2) + task * share() * word(3);
  for (let row = task * share(); row < end; row++, source += word(1), target += word(3)) {
    // A call that copies any number of bytes takes longer than what short rows have to be copied.
    if (bytes > SHORT || bytes % 16 != 0) memory.copy(target, source, bytes);
    else { for (let at: usize = 0; at < bytes; at += 16) v128.store(target + at, v128.load(source + at)); }
  }
}
