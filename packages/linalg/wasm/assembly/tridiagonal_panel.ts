// The steps of one row of `reference/tridiagonal_panel.ts`: the row as the reflectors so far have
// left it and its own reflector; the product with the matrix, by several tasks; the vector w.
//
// Of row i on, rows of V are rows of the matrix and rows of W lie in the same order, so that both
// have the finished ones in one run behind row i.

import { word } from "./memory";
import { spare } from "./panels";
import { lanes, loadUpTo, madd, storeUpTo, sumLanes, zero } from "./simd";
import { addPartials, multiplySymmetric, symmetricVectorTasks } from "./symmetric_vector";

/** A row with nothing larger has no reflector. */
@inline
function tiny<T>(): T {
  return sizeof<T>() == 8 ? <T> 1.1830521861667747e-271 : <T> 7.888609052210118e-31;
}

// a, w, coefficients, n, the first row behind the panel, i, partials, bytes between partials.
@inline
function rowOf<T>(i: usize): usize {
  return word(0) + i * word(3) * sizeof<T>();
}

/** The row of W that belongs to row i, which is as long as the panel's last row. */
@inline
function correctionOf<T>(i: usize): usize {
  return word(1) + (i - firstOf()) * word(4) * sizeof<T>();
}

@inline
function firstOf(): usize {
  return word(4) - word(8);
}

/** Diagonal elements, those beside them, and factors are rows of n. */
@inline
function coefficient<T>(row: usize, i: usize): usize {
  return word(2) + (row * word(3) + i) * sizeof<T>();
}

/** Brings row i up to date and makes the reflector of what is left of the diagonal. */
export function reflectRow<T>(): void {
  const size = sizeof<T>();
  const i = word(5);
  const row = rowOf<T>(i);
  let factors = spare();
  for (let k = i + 1; k < word(4); k++, factors += 2 * size) {
    store<T>(factors, load<T>(rowOf<T>(k) + i * size));
    store<T>(factors, load<T>(correctionOf<T>(k) + i * size), sizeof<T>());
  }
  subtractRows<T>(row, spare(), i, i + 1);
  store<T>(coefficient<T>(0, i), load<T>(row + i * size));
  let tau: T = 0;
  if (i > 0) {
    const own = reflect<T>(row, i, coefficient<T>(1, i - 1));
    tau = own;
  }
  store<T>(coefficient<T>(2, i), tau);
  if (tau == 0) memory.fill(row, 0, i * size);
  memory.fill(row + i * size, 0, (word(3) - i) * size);
}

/** Makes x, whose last element stays, the vector of its reflector; returns the factor. */
function reflect<T>(x: usize, count: usize, beside: usize): T {
  const size = sizeof<T>();
  const last = x + (count - 1) * size;
  const alpha = load<T>(last);
  let most = zero();
  for (let j: usize = 0; j < count; j += lanes<T>()) {
    most = v128.max<T>(most, v128.abs<T>(loadUpTo<T>(x + j * size, count - j)));
  }
  const largest = maxLanes<T>(most);
  store<T>(beside, alpha);
  if (largest < tiny<T>()) return 0;
  // Of numbers up to 1, no square overflows, and none that matters underflows.
  const scale = <T> (1 / largest);
  const factors = v128.splat<T>(scale);
  let squares = zero();
  for (let j: usize = 0; j < count - 1; j += lanes<T>()) {
    const scaled = v128.mul<T>(loadUpTo<T>(x + j * size, count - 1 - j), factors);
    squares = madd<T>(scaled, scaled, squares);
  }
  const rest = sumLanes<T>(squares);
  if (rest == 0) return 0;
  const first = <T> (alpha * scale);
  const norm = sqrt<T>(<T> (first * first + rest));
  const beta = first > 0 ? <T> -norm : norm;
  multiply<T>(x, count - 1, <T> (scale / (first - beta)));
  store<T>(last, 1);
  store<T>(beside, <T> (beta * largest));
  return <T> ((beta - first) / beta);
}

@inline
function maxLanes<T>(vector: v128): T {
  const pair = v128.max<T>(vector, i64x2.shuffle(vector, vector, 1, 0));
  if (sizeof<T>() == 8) return <T> v128.extract_lane<f64>(pair, 0);
  return <T> max<f32>(v128.extract_lane<f32>(pair, 0), v128.extract_lane<f32>(pair, 1));
}

function multiply<T>(x: usize, count: usize, factor: T): void {
  const factors = v128.splat<T>(factor);
  for (let j: usize = 0; j < count; j += lanes<T>()) {
    const at = x + j * sizeof<T>();
    storeUpTo<T>(at, v128.mul<T>(loadUpTo<T>(at, count - j), factors), count - j);
  }
}

/** y -= a · u + b · v, and the same with the rows behind u and v. */
function subtractFour<T>(
  y: usize,
  factors: usize,
  u: usize,
  leadU: usize,
  v: usize,
  leadV: usize,
  count: usize,
): void {
  const a = v128.splat<T>(<T> -load<T>(factors));
  const b = v128.splat<T>(<T> -load<T>(factors, sizeof<T>()));
  const c = v128.splat<T>(<T> -load<T>(factors, 2 * sizeof<T>()));
  const d = v128.splat<T>(<T> -load<T>(factors, 3 * sizeof<T>()));
  const u1 = u + leadU;
  const v1 = v + leadV;
  const whole = count / lanes<T>() * 16;
  for (let at: usize = 0; at < whole; at += 16) {
    let sum = madd<T>(a, v128.load(u + at), v128.load(y + at));
    sum = madd<T>(b, v128.load(v + at), sum);
    sum = madd<T>(c, v128.load(u1 + at), sum);
    v128.store(y + at, madd<T>(d, v128.load(v1 + at), sum));
  }
  const left = count % lanes<T>();
  if (left == 0) return;
  let sum = madd<T>(a, loadUpTo<T>(u + whole, left), loadUpTo<T>(y + whole, left));
  sum = madd<T>(b, loadUpTo<T>(v + whole, left), sum);
  sum = madd<T>(c, loadUpTo<T>(u1 + whole, left), sum);
  storeUpTo<T>(y + whole, madd<T>(d, loadUpTo<T>(v1 + whole, left), sum), left);
}

/** y -= a · u + b · v. */
function subtractTwo<T>(y: usize, a: T, u: usize, b: T, v: usize, count: usize): void {
  const minusA = v128.splat<T>(<T> -a);
  const minusB = v128.splat<T>(<T> -b);
  for (let j: usize = 0; j < count; j += lanes<T>()) {
    const left = count - j;
    const at = j * sizeof<T>();
    const sum = madd<T>(minusA, loadUpTo<T>(u + at, left), loadUpTo<T>(y + at, left));
    storeUpTo<T>(y + at, madd<T>(minusB, loadUpTo<T>(v + at, left), sum), left);
  }
}

/**
 * y -= Wᵀ a + Vᵀ b for all finished rows; `factors` has an element of a and one of b for each row.
 */
function subtractRows<T>(y: usize, factors: usize, i: usize, count: usize): void {
  const leadV = word(3) * sizeof<T>();
  const leadW = word(4) * sizeof<T>();
  let k = i + 1;
  for (; k + 2 <= word(4); k += 2, factors += 4 * sizeof<T>()) {
    subtractFour<T>(y, factors, correctionOf<T>(k), leadW, rowOf<T>(k), leadV, count);
  }
  if (k == word(4)) return;
  const b = load<T>(factors, sizeof<T>());
  subtractTwo<T>(y, load<T>(factors), correctionOf<T>(k), b, rowOf<T>(k), count);
}

export function multiplyRowTasks(): usize {
  return symmetricVectorTasks(word(5));
}

/** The product of the matrix before row i with the vector of row i. */
export function multiplyRowTask<T>(task: usize): void {
  const lead = word(3) * sizeof<T>();
  multiplySymmetric<T>(task, word(0), lead, word(5), rowOf<T>(word(5)), word(6), word(7));
}

/** w = τ (A v - V (Wᵀ v) - W (Vᵀ v)), and then w -= τ (wᵀ v) / 2 · v. */
export function correctRow<T>(): void {
  const size = sizeof<T>();
  const i = word(5);
  const v = rowOf<T>(i);
  const w = correctionOf<T>(i);
  addPartials<T>(i, word(6), word(7), w);
  const sums = spare();
  const leadV = word(3) * size;
  const leadW = word(4) * size;
  let sum = sums;
  let k = i + 1;
  for (; k + 2 <= word(4); k += 2, sum += 4 * size) {
    dotFour<T>(v, rowOf<T>(k), leadV, correctionOf<T>(k), leadW, i, sum);
  }
  if (k < word(4)) dotTwo<T>(v, rowOf<T>(k), correctionOf<T>(k), i, sum);
  subtractRows<T>(w, sums, i, i);
  const tau = load<T>(coefficient<T>(2, i));
  dotTwo<T>(v, w, w, i, sums);
  const half = <T> (tau * tau * load<T>(sums) / 2);
  multiply<T>(w, i, tau);
  subtractTwo<T>(w, half, v, 0, v, i);
  memory.fill(w + i * size, 0, (word(4) - i) * size);
}

/** The products of x with u and with v, and those with the rows behind them. */
function dotFour<T>(
  x: usize,
  u: usize,
  leadU: usize,
  v: usize,
  leadV: usize,
  count: usize,
  sums: usize,
): void {
  const u1 = u + leadU;
  const v1 = v + leadV;
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero();
  let t0 = zero(), t1 = zero(), t2 = zero(), t3 = zero();
  const whole = count / (2 * lanes<T>()) * 32;
  let at: usize = 0;
  for (; at < whole; at += 32) {
    const x0 = v128.load(x + at);
    const x1 = v128.load(x + at, 16);
    s0 = madd<T>(x0, v128.load(u + at), s0);
    t0 = madd<T>(x1, v128.load(u + at, 16), t0);
    s1 = madd<T>(x0, v128.load(v + at), s1);
    t1 = madd<T>(x1, v128.load(v + at, 16), t1);
    s2 = madd<T>(x0, v128.load(u1 + at), s2);
    t2 = madd<T>(x1, v128.load(u1 + at, 16), t2);
    s3 = madd<T>(x0, v128.load(v1 + at), s3);
    t3 = madd<T>(x1, v128.load(v1 + at, 16), t3);
  }
  for (; at < count * sizeof<T>(); at += 16) {
    const left = count - at / sizeof<T>();
    const x0 = loadUpTo<T>(x + at, left);
    s0 = madd<T>(x0, loadUpTo<T>(u + at, left), s0);
    s1 = madd<T>(x0, loadUpTo<T>(v + at, left), s1);
    s2 = madd<T>(x0, loadUpTo<T>(u1 + at, left), s2);
    s3 = madd<T>(x0, loadUpTo<T>(v1 + at, left), s3);
  }
  store<T>(sums, sumLanes<T>(v128.add<T>(s0, t0)));
  store<T>(sums, sumLanes<T>(v128.add<T>(s1, t1)), sizeof<T>());
  store<T>(sums, sumLanes<T>(v128.add<T>(s2, t2)), 2 * sizeof<T>());
  store<T>(sums, sumLanes<T>(v128.add<T>(s3, t3)), 3 * sizeof<T>());
}

/** The products of x with u and with v. */
function dotTwo<T>(x: usize, u: usize, v: usize, count: usize, sums: usize): void {
  const step = lanes<T>();
  let s0 = zero(), s1 = zero(), t0 = zero(), t1 = zero();
  let j: usize = 0;
  let at: usize = 0;
  for (; j + 2 * step <= count; j += 2 * step, at += 32) {
    const x0 = v128.load(x + at);
    const x1 = v128.load(x + at, 16);
    s0 = madd<T>(x0, v128.load(u + at), s0);
    s1 = madd<T>(x1, v128.load(u + at, 16), s1);
    t0 = madd<T>(x0, v128.load(v + at), t0);
    t1 = madd<T>(x1, v128.load(v + at, 16), t1);
  }
  for (; j < count; j += step, at += 16) {
    const x0 = loadUpTo<T>(x + at, count - j);
    s0 = madd<T>(x0, loadUpTo<T>(u + at, count - j), s0);
    t0 = madd<T>(x0, loadUpTo<T>(v + at, count - j), t0);
  }
  store<T>(sums, sumLanes<T>(v128.add<T>(s0, s1)));
  store<T>(sums, sumLanes<T>(v128.add<T>(t0, t1)), sizeof<T>());
}
