// Picks rows or columns; an index beyond the last one picks the last one.

import { divideUp, grain, word } from "./memory";

@inline
function alongRows(): bool {
  return word(6) == 0;
}

@inline
function outRows(): usize {
  return alongRows() ? word(5) : word(3);
}

@inline
function share(): usize {
  return grain(alongRows() ? word(4) : word(5));
}

export function gatherTasks(): usize {
  return divideUp(outRows(), share());
}

/** x, indices, out, rows, cols, count, along columns, bytes of an element. */
export function gatherTask(task: usize): void {
  const end = min(outRows(), (task + 1) * share());
  const bytes = word(7);
  for (let i = task * share(); i < end; i++) {
    if (alongRows()) {
      const length = word(4) * bytes;
      memory.copy(word(2) + i * length, word(0) + index(i, word(3)) * length, length);
    } else {
      const from = word(0) + i * word(4) * bytes;
      const to = word(2) + i * word(5) * bytes;
      if (bytes == 1) pick<u8>(from, to);
      else if (bytes == 2) pick<u16>(from, to);
      else if (bytes == 4) pick<u32>(from, to);
      else pick<u64>(from, to);
    }
  }
}

@inline
function index(i: usize, length: usize): usize {
  return min<usize>(load<u32>(word(1) + i * 4), length - 1);
}

function pick<E>(from: usize, to: usize): void {
  const cols = word(4);
  const count = word(5);
  for (let j: usize = 0; j < count; j++) {
    store<E>(to + j * sizeof<E>(), load<E>(from + index(j, cols) * sizeof<E>()));
  }
}
