// Products of few rows by a transposed matrix: dot products of rows, four of b at a time.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { lanes, loadUpTo, madd, sumLanes, zero } from "./simd";

/** Rows of b whose products with one row of a are summed at once. */
const ROWS: usize = 4;

/** Rows of b in one task. */
@inline
function taskRows(): usize {
  return divideUp(grain(word(3) * word(5)), ROWS) * ROWS;
}

export function dotTasks(): usize {
  return divideUp(word(4), taskRows());
}

export function dotTask<T>(part: usize, a: usize, b: usize, c: usize, alpha: T): void {
  const m = word(3);
  const k = word(5) * sizeof<T>();
  const leadC = word(13) * sizeof<T>();
  const stepC = word(14) * sizeof<T>();
  const accumulate = word(12) != 0;
  const end = min(word(4), (part + 1) * taskRows());
  for (let j = part * taskRows(); j < end; j += ROWS) {
    const count = min(ROWS, end - j);
    for (let i: usize = 0; i < m; i++) {
      dotRows<T>(a + i * k, b + j * k, k, count, word(5), spare());
      storeSums<T>(spare(), count, c + i * leadC + j * stepC, stepC, alpha, accumulate);
    }
  }
}

/** c = alpha · sum (+ c) for a few sums. */
@inline
export function storeSums<T>(
  sums: usize,
  count: usize,
  c: usize,
  step: usize,
  alpha: T,
  accumulate: bool,
): void {
  for (let i: usize = 0; i < count; i++) {
    const product = <T> (load<T>(sums + i * sizeof<T>()) * alpha);
    store<T>(c + i * step, accumulate ? <T> (load<T>(c + i * step) + product) : product);
  }
}

/** Dot products of x with up to four rows of b, written to `sums`; `lead` is the bytes of a row. */
export function dotRows<T>(
  x: usize,
  b: usize,
  lead: usize,
  count: usize,
  depth: usize,
  sums: usize,
): void {
  // Rows that are not there are replaced by the first one.
  const b1 = count > 1 ? b + lead : b;
  const b2 = count > 2 ? b1 + lead : b;
  const b3 = count > 3 ? b2 + lead : b;
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero();
  let t0 = zero(), t1 = zero(), t2 = zero(), t3 = zero();
  const step = lanes<T>();
  let l: usize = 0;
  let at: usize = 0;
  for (; l + 2 * step <= depth; l += 2 * step, at += 32) {
    const x0 = v128.load(x + at);
    const x1 = v128.load(x + at, 16);
    s0 = madd<T>(x0, v128.load(b + at), s0);
    t0 = madd<T>(x1, v128.load(b + at, 16), t0);
    s1 = madd<T>(x0, v128.load(b1 + at), s1);
    t1 = madd<T>(x1, v128.load(b1 + at, 16), t1);
    s2 = madd<T>(x0, v128.load(b2 + at), s2);
    t2 = madd<T>(x1, v128.load(b2 + at, 16), t2);
    s3 = madd<T>(x0, v128.load(b3 + at), s3);
    t3 = madd<T>(x1, v128.load(b3 + at, 16), t3);
  }
  for (; l < depth; l += step, at += 16) {
    const left = depth - l;
    const x0 = loadUpTo<T>(x + at, left);
    s0 = madd<T>(x0, loadUpTo<T>(b + at, left), s0);
    s1 = madd<T>(x0, loadUpTo<T>(b1 + at, left), s1);
    s2 = madd<T>(x0, loadUpTo<T>(b2 + at, left), s2);
    s3 = madd<T>(x0, loadUpTo<T>(b3 + at, left), s3);
  }
  store<T>(sums, sumLanes<T>(v128.add<T>(s0, t0)));
  store<T>(sums, sumLanes<T>(v128.add<T>(s1, t1)), sizeof<T>());
  store<T>(sums, sumLanes<T>(v128.add<T>(s2, t2)), 2 * sizeof<T>());
  store<T>(sums, sumLanes<T>(v128.add<T>(s3, t3)), 3 * sizeof<T>());
}
