// Adds rows to rows of a target, in their order; an index beyond the last row is the last one.
// A task is a strip of columns, as several rows may be added to one.

import { divideUp, GRAIN, word } from "./memory";
import { lanes, loadUpTo, storeUpTo } from "./simd";

/** Columns of a strip: whole lines of the cache. */
@inline
function strip(): usize {
  return max<usize>(1, GRAIN / word(4) / 16) * 16;
}

export function scatterRowsTasks(): usize {
  return divideUp(word(5), strip());
}

/** target, indices, rows, how many rows the target has, how many are added, cols. */
export function scatterRowsTask<T>(task: usize): void {
  const lead = word(5) * sizeof<T>();
  const first = task * strip();
  const count = min(strip(), word(5) - first);
  const last = word(3) - 1;
  const target = word(0) + first * sizeof<T>();
  let rows = word(2) + first * sizeof<T>();
  let index = word(1);
  for (let i: usize = 0; i < word(4); i++) {
    addRow<T>(target + min<usize>(load<u32>(index), last) * lead, rows, count);
    rows += lead;
    index += 4;
  }
}

function addRow<T>(target: usize, row: usize, count: usize): void {
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(target, v128.add<T>(v128.load(target), v128.load(row)));
    target += 16;
    row += 16;
  }
  if (count > 0) {
    const sum = v128.add<T>(loadUpTo<T>(target, count), loadUpTo<T>(row, count));
    storeUpTo<T>(target, sum, count);
  }
}
