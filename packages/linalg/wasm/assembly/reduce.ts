// Reductions of rows and of columns, in f64.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { highDoubles, lanes, lowDoubles, madd } from "./simd";

const SUM: usize = 0;
const ABS_SUM: usize = 1;
const SQUARE_SUM: usize = 2;
const MAX: usize = 3;
const ABS_MAX: usize = 4;

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
  if (kind == SUM) return reduceRun<T>(x, cols, SUM);
  if (kind == ABS_SUM) return reduceRun<T>(x, cols, ABS_SUM);
  if (kind == SQUARE_SUM) return reduceRun<T>(x, cols, SQUARE_SUM);
  if (kind == MAX) return reduceRun<T>(x, cols, MAX);
  return reduceRun<T>(x, cols, ABS_MAX);
}

@inline
function reduceRun<T>(x: usize, count: usize, kind: usize): f64 {
  let a = f64x2.splat(start(kind));
  let b = a;
  let c = a;
  let d = a;
  for (; count >= 2 * lanes<T>(); count -= 2 * lanes<T>()) {
    const values = v128.load(x);
    x += 16;
    const others = v128.load(x);
    x += 16;
    a = combine(a, sizeof<T>() == 8 ? values : lowDoubles(values), kind);
    b = combine(b, sizeof<T>() == 8 ? others : lowDoubles(others), kind);
    if (sizeof<T>() == 4) {
      c = combine(c, highDoubles(values), kind);
      d = combine(d, highDoubles(others), kind);
    }
  }
  // One at a time, the last elements join the first lane.
  for (; count > 0; count--) {
    a = i64x2.shuffle(combine(a, f64x2.splat(<f64> load<T>(x)), kind), a, 0, 3);
    x += sizeof<T>();
  }
  const join = kind >= MAX ? MAX : SUM;
  const pair = combine(combine(a, b, join), combine(c, d, join), join);
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
  let x = word(0) + first * sizeof<T>();
  for (let row: usize = 0; row < rows; row++) {
    if (kind == SUM) addRow<T>(totals, x, count, SUM);
    else if (kind == ABS_SUM) addRow<T>(totals, x, count, ABS_SUM);
    else if (kind == SQUARE_SUM) addRow<T>(totals, x, count, SQUARE_SUM);
    else if (kind == MAX) addRow<T>(totals, x, count, MAX);
    else addRow<T>(totals, x, count, ABS_MAX);
    x += cols * sizeof<T>();
  }
  const out = word(1) + first * sizeof<T>();
  for (let j: usize = 0; j < count; j++) {
    store<T>(out + j * sizeof<T>(), <T> load<f64>(totals + j * 8));
  }
}

@inline
function addRow<T>(totals: usize, x: usize, count: usize, kind: usize): void {
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    const values = v128.load(x);
    const low = sizeof<T>() == 8 ? values : lowDoubles(values);
    v128.store(totals, combine(v128.load(totals), low, kind));
    totals += 16;
    if (sizeof<T>() == 4) {
      v128.store(totals, combine(v128.load(totals), highDoubles(values), kind));
      totals += 16;
    }
    x += 16;
  }
  for (; count > 0; count--) {
    const total = combine(v128.load_zero<f64>(totals), f64x2.splat(<f64> load<T>(x)), kind);
    v128.store_lane<f64>(totals, total, 0);
    totals += sizeof<f64>();
    x += sizeof<T>();
  }
}
