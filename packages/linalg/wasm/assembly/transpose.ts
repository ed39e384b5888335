// Swaps rows and columns, square after square, so that both sides stay in the first cache.

import { divideUp, grain, word } from "./memory";

const SQUARE: usize = 16;

/** Columns of x in one task. */
@inline
function share(): usize {
  return divideUp(grain(word(2)), SQUARE) * SQUARE;
}

export function transposeTasks(): usize {
  return divideUp(word(3), share());
}

/** x, out, rows, cols. */
export function transposeTask<T>(task: usize): void {
  const rows = word(2);
  const end = min(word(3), (task + 1) * share());
  for (let j = task * share(); j < end; j += SQUARE) {
    for (let i: usize = 0; i < rows; i += SQUARE) {
      transposeSquare<T>(i, j, min(SQUARE, rows - i), min(SQUARE, end - j));
    }
  }
}

function transposeSquare<T>(row: usize, col: usize, height: usize, width: usize): void {
  const rows = word(2);
  const cols = word(3);
  for (let j: usize = 0; j < width; j++) {
    const x = word(0) + (row * cols + col + j) * sizeof<T>();
    const out = word(1) + ((col + j) * rows + row) * sizeof<T>();
    for (let i: usize = 0; i < height; i++) {
      store<T>(out + i * sizeof<T>(), load<T>(x + i * cols * sizeof<T>()));
    }
  }
}
