// Copies a rectangle of a matrix.

import { divideUp, GRAIN, word } from "./memory";

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
  for (let row = task * share(); row < end; row++) {
    memory.copy(word(2) + row * word(3), word(0) + row * word(1), word(5));
  }
}
