// Reductions of rows and of columns, in f64.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { highDoubles, lanes, loadUpTo, lowDoubles, madd } from "./simd";

const SUM: usize = 0;
const ABS_SUM: usize = 1;
const SQUARE_SUM: usize = 2;
const MAX: usize = 3;

/** Columns that are reduced side by side. */
const STRIP: usize = 256;

@inline
function alongRows(): bool {
  return word(4) == 0;
}

export function reduceTasks(): usize {
  return alongRows() ? divideUp(word(2), grain(word(3))) : divideUp(word(3), STRIP);
}

/** x, out, rows, cols, along columns, which reduction. */
export function reduceTask<T>(task: usize): void {
  if (alongRows()) reduceRows<T>(task);
  else reduceCols<T>(task);
}

/** What a reduction begins with. */
@inline
function start(kind: usize): f64 {
  return kind == MAX ? -Infinity : 0;
}

@inline
function combine(total: v128, x: v128, kind: usize): v128 {
  if (kind == SUM) return f64x2.add(total, x);
  if (kind == ABS_SUM) return f64x2.add(total, f64x2.abs(x));
  if (kind == SQUARE_SUM) return madd<f64>(x, x, total);
  if (kind == MAX) return f64x2.max(total, x);
  return f64x2.max(total, f64x2.abs(x));
}

function reduceRows<T>(task: usize): void {
  const cols = word(3);
  const kind = word(5);
  const share = grain(cols);
  const end = min(word(2), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const total = reduceRow<T>(word(0) + row * cols * sizeof<T>(), cols, kind);
    store<T>(word(1) + row * sizeof<T>(), <T> total);
  }
}

function reduceRow<T>(x: usize, cols: usize, kind: usize): f64 {
  let low = f64x2.splat(start(kind));
  let high = low;
  let i: usize = 0;
  for (; i + lanes<T>() <= cols; i += lanes<T>()) {
    const values = v128.load(x + i * sizeof<T>());
    if (sizeof<T>() == 8) low = combine(low, values, kind);
    else {
      low = combine(low, lowDoubles(values), kind);
      high = combine(high, highDoubles(values), kind);
    }
  }
  // One at a time, the last elements join the first lane.
  for (; i < cols; i++) {
    const next = combine(low, f64x2.splat(<f64> load<T>(x + i * sizeof<T>())), kind);
    low = i64x2.shuffle(next, low, 0, 3);
  }
  return joinLanes(low, high, kind);
}

/** What the partial results of four lanes come to. */
function joinLanes(low: v128, high: v128, kind: usize): f64 {
  const join = kind >= MAX ? MAX : SUM;
  const pair = combine(low, high, join);
  return f64x2.extract_lane(combine(pair, i64x2.shuffle(pair, pair, 1, 0), join), 0);
}

/** Row after row is added to a strip of totals that stays in the first cache. */
function reduceCols<T>(task: usize): void {
  const rows = word(2);
  const cols = word(3);
  const kind = word(5);
  const first = task * STRIP;
  const count = min(STRIP, cols - first);
  const totals = spare();
  for (let j: usize = 0; j < count; j++) store<f64>(totals + j * 8, start(kind));
  for (let row: usize = 0; row < rows; row++) {
    const x = word(0) + (row * cols + first) * sizeof<T>();
    for (let j: usize = 0; j < count; j += lanes<T>()) {
      const values = loadUpTo<T>(x + j * sizeof<T>(), count - j);
      const total = totals + j * 8;
      if (sizeof<T>() == 8) v128.store(total, combine(v128.load(total), values, kind));
      else {
        v128.store(total, combine(v128.load(total), lowDoubles(values), kind));
        v128.store(total, combine(v128.load(total, 16), highDoubles(values), kind), 16);
      }
    }
  }
  const out = word(1) + first * sizeof<T>();
  for (let j: usize = 0; j < count; j++) {
    store<T>(out + j * sizeof<T>(), <T> load<f64>(totals + j * 8));
  }
}
