// Products of few rows by a transposed matrix: dot products of rows, two of a with five of b at a
// time, straight from where they lie. Ten accumulators, two vectors of a and one of b are in
// registers; as in the micro-kernel, pointers move on so that loads need no offset.
//
// The five rows of b are a fifth of a task's apart, so that each of five streams goes through memory
// without a jump.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { lanes, loadUpTo, madd, sumLanes, zero } from "./simd";

/** Rows of b whose products are summed at once. */
export const DOT_ROWS: usize = 5;

/** Where the sums of the second row of a begin. */
const SECOND: usize = 64;

/** How many tasks there should be for each thread, so that none waits long for the last one. */
const TASKS_PER_THREAD: usize = 2;

/** Rows of b in one task: as many as leave enough for all threads. */
@inline
function taskRows(): usize {
  const share = divideUp(word(4), divideUp(TASKS_PER_THREAD * word(16), word(6)));
  return divideUp(max(grain(word(3) * word(5)), share), DOT_ROWS) * DOT_ROWS;
}

export function dotTasks(): usize {
  return divideUp(word(4), taskRows());
}

export function dotTask<T>(part: usize, a: usize, b: usize, c: usize, alpha: T): void {
  const m = word(3);
  const k = word(5) * sizeof<T>();
  const lead = word(13) * sizeof<T>();
  const step = word(14) * sizeof<T>();
  const accumulate = word(12) != 0;
  const first = part * taskRows();
  const count = min(taskRows(), word(4) - first);
  const fifth = count / DOT_ROWS;
  b += first * k;
  c += first * step;
  for (let j: usize = 0; j < fifth; j++, b += k, c += step) {
    dotBlock<T>(
      a,
      k,
      m,
      b,
      fifth * k,
      DOT_ROWS,
      word(5),
      spare(),
      c,
      lead,
      fifth * step,
      alpha,
      accumulate,
    );
  }
  const rest = count - DOT_ROWS * fifth;
  if (rest == 0) return;
  b += (DOT_ROWS - 1) * fifth * k;
  c += (DOT_ROWS - 1) * fifth * step;
  dotBlock<T>(a, k, m, b, k, rest, word(5), spare(), c, lead, step, alpha, accumulate);
}

/**
 * c = alpha · a · bᵀ (+ c) for `m` rows of a and up to five rows of b.
 *
 * @param sums Where 128 bytes are free.
 * @param leadC Bytes from one row of c to the next; `stepC` from one column to the next.
 */
export function dotBlock<T>(
  a: usize,
  leadA: usize,
  m: usize,
  b: usize,
  leadB: usize,
  count: usize,
  depth: usize,
  sums: usize,
  c: usize,
  leadC: usize,
  stepC: usize,
  alpha: T,
  accumulate: bool,
): void {
  for (; m >= 2; m -= 2, a += 2 * leadA, c += 2 * leadC) {
    dotPairs<T>(a, leadA, b, leadB, count, depth, sums);
    storeSums<T>(sums, count, c, stepC, alpha, accumulate);
    storeSums<T>(sums + SECOND, count, c + leadC, stepC, alpha, accumulate);
  }
  if (m == 0) return;
  dotRows<T>(a, b, leadB, count, depth, sums);
  storeSums<T>(sums, count, c, stepC, alpha, accumulate);
}

/** c = alpha · sum (+ c) for a few sums. */
@inline
function storeSums<T>(
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

/**
 * Dot products of two rows, `x` and the one `leadX` bytes after it, with up to five rows of b, which
 * are written to `sums` and 64 bytes behind; `lead` is the bytes of a row of b.
 */
function dotPairs<T>(
  x: usize,
  leadX: usize,
  b: usize,
  lead: usize,
  count: usize,
  depth: usize,
  sums: usize,
): void {
  let x0 = x, x1 = x + leadX;
  // Rows that are not there are replaced by the first one.
  let b0 = b;
  let b1 = count > 1 ? b + 1 * lead : b;
  let b2 = count > 2 ? b + 2 * lead : b;
  let b3 = count > 3 ? b + 3 * lead : b;
  let b4 = count > 4 ? b + 4 * lead : b;
  let s0 = zero(), t0 = zero();
  let s1 = zero(), t1 = zero();
  let s2 = zero(), t2 = zero();
  let s3 = zero(), t3 = zero();
  let s4 = zero(), t4 = zero();
  let u = zero(), v = zero(), w = zero();
  const step = lanes<T>();
  for (; depth >= 2 * step; depth -= 2 * step) {
    u = v128.load(x0);
    x0 += 16;
    v = v128.load(x1);
    x1 += 16;
    w = v128.load(b0);
    b0 += 16;
    s0 = madd<T>(u, w, s0);
    t0 = madd<T>(v, w, t0);
    w = v128.load(b1);
    b1 += 16;
    s1 = madd<T>(u, w, s1);
    t1 = madd<T>(v, w, t1);
    w = v128.load(b2);
    b2 += 16;
    s2 = madd<T>(u, w, s2);
    t2 = madd<T>(v, w, t2);
    w = v128.load(b3);
    b3 += 16;
    s3 = madd<T>(u, w, s3);
    t3 = madd<T>(v, w, t3);
    w = v128.load(b4);
    b4 += 16;
    s4 = madd<T>(u, w, s4);
    t4 = madd<T>(v, w, t4);

    u = v128.load(x0);
    x0 += 16;
    v = v128.load(x1);
    x1 += 16;
    w = v128.load(b0);
    b0 += 16;
    s0 = madd<T>(u, w, s0);
    t0 = madd<T>(v, w, t0);
    w = v128.load(b1);
    b1 += 16;
    s1 = madd<T>(u, w, s1);
    t1 = madd<T>(v, w, t1);
    w = v128.load(b2);
    b2 += 16;
    s2 = madd<T>(u, w, s2);
    t2 = madd<T>(v, w, t2);
    w = v128.load(b3);
    b3 += 16;
    s3 = madd<T>(u, w, s3);
    t3 = madd<T>(v, w, t3);
    w = v128.load(b4);
    b4 += 16;
    s4 = madd<T>(u, w, s4);
    t4 = madd<T>(v, w, t4);
  }
  for (; depth > 0; depth -= min(step, depth)) {
    u = loadUpTo<T>(x0, depth);
    x0 += 16;
    v = loadUpTo<T>(x1, depth);
    x1 += 16;
    w = loadUpTo<T>(b0, depth);
    b0 += 16;
    s0 = madd<T>(u, w, s0);
    t0 = madd<T>(v, w, t0);
    w = loadUpTo<T>(b1, depth);
    b1 += 16;
    s1 = madd<T>(u, w, s1);
    t1 = madd<T>(v, w, t1);
    w = loadUpTo<T>(b2, depth);
    b2 += 16;
    s2 = madd<T>(u, w, s2);
    t2 = madd<T>(v, w, t2);
    w = loadUpTo<T>(b3, depth);
    b3 += 16;
    s3 = madd<T>(u, w, s3);
    t3 = madd<T>(v, w, t3);
    w = loadUpTo<T>(b4, depth);
    b4 += 16;
    s4 = madd<T>(u, w, s4);
    t4 = madd<T>(v, w, t4);
  }
  store<T>(sums + 0 * sizeof<T>(), sumLanes<T>(s0));
  store<T>(sums + 1 * sizeof<T>(), sumLanes<T>(s1));
  store<T>(sums + 2 * sizeof<T>(), sumLanes<T>(s2));
  store<T>(sums + 3 * sizeof<T>(), sumLanes<T>(s3));
  store<T>(sums + 4 * sizeof<T>(), sumLanes<T>(s4));
  store<T>(sums + SECOND + 0 * sizeof<T>(), sumLanes<T>(t0));
  store<T>(sums + SECOND + 1 * sizeof<T>(), sumLanes<T>(t1));
  store<T>(sums + SECOND + 2 * sizeof<T>(), sumLanes<T>(t2));
  store<T>(sums + SECOND + 3 * sizeof<T>(), sumLanes<T>(t3));
  store<T>(sums + SECOND + 4 * sizeof<T>(), sumLanes<T>(t4));
}

/** Dot products of one row with up to five rows of b, written to `sums`. */
export function dotRows<T>(
  x: usize,
  b: usize,
  lead: usize,
  count: usize,
  depth: usize,
  sums: usize,
): void {
  // Rows that are not there are replaced by the first one.
  let b0 = b;
  let b1 = count > 1 ? b + 1 * lead : b;
  let b2 = count > 2 ? b + 2 * lead : b;
  let b3 = count > 3 ? b + 3 * lead : b;
  let b4 = count > 4 ? b + 4 * lead : b;
  let s0 = zero(), t0 = zero();
  let s1 = zero(), t1 = zero();
  let s2 = zero(), t2 = zero();
  let s3 = zero(), t3 = zero();
  let s4 = zero(), t4 = zero();
  let u = zero(), v = zero();
  const step = lanes<T>();
  for (; depth >= 2 * step; depth -= 2 * step) {
    u = v128.load(x);
    v = v128.load(x, 16);
    x += 32;
    s0 = madd<T>(u, v128.load(b0), s0);
    t0 = madd<T>(v, v128.load(b0, 16), t0);
    b0 += 32;
    s1 = madd<T>(u, v128.load(b1), s1);
    t1 = madd<T>(v, v128.load(b1, 16), t1);
    b1 += 32;
    s2 = madd<T>(u, v128.load(b2), s2);
    t2 = madd<T>(v, v128.load(b2, 16), t2);
    b2 += 32;
    s3 = madd<T>(u, v128.load(b3), s3);
    t3 = madd<T>(v, v128.load(b3, 16), t3);
    b3 += 32;
    s4 = madd<T>(u, v128.load(b4), s4);
    t4 = madd<T>(v, v128.load(b4, 16), t4);
    b4 += 32;
  }
  for (; depth > 0; depth -= min(step, depth)) {
    u = loadUpTo<T>(x, depth);
    x += 16;
    s0 = madd<T>(u, loadUpTo<T>(b0, depth), s0);
    b0 += 16;
    s1 = madd<T>(u, loadUpTo<T>(b1, depth), s1);
    b1 += 16;
    s2 = madd<T>(u, loadUpTo<T>(b2, depth), s2);
    b2 += 16;
    s3 = madd<T>(u, loadUpTo<T>(b3, depth), s3);
    b3 += 16;
    s4 = madd<T>(u, loadUpTo<T>(b4, depth), s4);
    b4 += 16;
  }
  store<T>(sums + 0 * sizeof<T>(), sumLanes<T>(v128.add<T>(s0, t0)));
  store<T>(sums + 1 * sizeof<T>(), sumLanes<T>(v128.add<T>(s1, t1)));
  store<T>(sums + 2 * sizeof<T>(), sumLanes<T>(v128.add<T>(s2, t2)));
  store<T>(sums + 3 * sizeof<T>(), sumLanes<T>(v128.add<T>(s3, t3)));
  store<T>(sums + 4 * sizeof<T>(), sumLanes<T>(v128.add<T>(s4, t4)));
}
