// Plane rotations of rows, one after the other over a strip of columns.

import { divideUp, word } from "./memory";
import { lanes, loadUpTo, madd, storeUpTo } from "./simd";

/** Columns in one task. */
const STRIP: usize = 128;

export function rotateRowsTasks(): usize {
  return divideUp(word(4), STRIP);
}

/** matrix, pairs, factors, rows, cols, count. */
export function rotateRowsTask<T>(task: usize): void {
  const first = task * STRIP;
  const cols = min(STRIP, word(4) - first);
  const last = word(3) - 1;
  for (let r: usize = 0; r < word(5); r++) {
    const pair = word(1) + r * 8;
    const x = rowAt<T>(min(last, <usize> load<u32>(pair)), first);
    const y = rowAt<T>(min(last, <usize> load<u32>(pair, 4)), first);
    const factors = word(2) + r * 2 * sizeof<T>();
    rotate<T>(x, y, load<T>(factors), load<T>(factors, sizeof<T>()), cols);
  }
}

@inline
function rowAt<T>(row: usize, col: usize): usize {
  return word(0) + (row * word(4) + col) * sizeof<T>();
}

function rotate<T>(x: usize, y: usize, c: T, s: T, cols: usize): void {
  const cos = v128.splat<T>(c);
  const sin = v128.splat<T>(s);
  const minusSin = v128.splat<T>(<T> -s);
  for (let j: usize = 0; j < cols; j += lanes<T>()) {
    const at = j * sizeof<T>();
    const a = loadUpTo<T>(x + at, cols - j);
    const b = loadUpTo<T>(y + at, cols - j);
    storeUpTo<T>(x + at, madd<T>(cos, a, v128.mul<T>(sin, b)), cols - j);
    storeUpTo<T>(y + at, madd<T>(cos, b, v128.mul<T>(minusSin, a)), cols - j);
  }
}
