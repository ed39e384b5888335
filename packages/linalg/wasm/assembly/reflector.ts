// What panels of Householder reflectors have in common: one reflector, and a vector against the
// vectors before it, a few at a time.

import { lanes, loadUpTo, madd, storeUpTo } from "./simd";
import { DOT_ROWS, dotRows } from "./thin_dot";

/** Multiplies a vector by rows; there must be room for a multiple of `DOT_ROWS` products. */
export function multiplyRows<T>(
  vector: usize,
  rows: usize,
  lead: usize,
  count: usize,
  length: usize,
  products: usize,
): void {
  for (let i: usize = 0; i < count; i += DOT_ROWS) {
    const some = min(DOT_ROWS, count - i);
    dotRows<T>(vector, rows + i * lead, lead, some, length, products + i * sizeof<T>());
  }
}

/** vector -= factor 0 · row 0 + factor 1 · row 1 + … */
export function subtractRows<T>(
  vector: usize,
  rows: usize,
  lead: usize,
  count: usize,
  length: usize,
  factors: usize,
): void {
  for (let i: usize = 0; i < count; i += 4) {
    const fours = min<usize>(4, count - i);
    subtractFour<T>(vector, rows + i * lead, lead, fours, length, factors + i * sizeof<T>());
  }
}

function subtractFour<T>(
  vector: usize,
  rows: usize,
  lead: usize,
  count: usize,
  length: usize,
  factors: usize,
): void {
  const size = sizeof<T>();
  // Rows that are not there are the first one, times zero.
  const row1 = count > 1 ? rows + lead : rows;
  const row2 = count > 2 ? row1 + lead : rows;
  const row3 = count > 3 ? row2 + lead : rows;
  const f0 = v128.splat<T>(<T> -load<T>(factors));
  const f1 = v128.splat<T>(count > 1 ? <T> -load<T>(factors + size) : <T> 0);
  const f2 = v128.splat<T>(count > 2 ? <T> -load<T>(factors + 2 * size) : <T> 0);
  const f3 = v128.splat<T>(count > 3 ? <T> -load<T>(factors + 3 * size) : <T> 0);
  for (let i: usize = 0; i < length; i += lanes<T>()) {
    const at = i * size;
    const left = length - i;
    let sum = loadUpTo<T>(vector + at, left);
    sum = madd<T>(f0, loadUpTo<T>(rows + at, left), sum);
    sum = madd<T>(f1, loadUpTo<T>(row1 + at, left), sum);
    sum = madd<T>(f2, loadUpTo<T>(row2 + at, left), sum);
    sum = madd<T>(f3, loadUpTo<T>(row3 + at, left), sum);
    storeUpTo<T>(vector + at, sum, left);
  }
}

/**
 * Appends a reflector to the upper triangle T of a product: T[:k, k] = -τ T[:k, :k] (V v), T[k, k] = τ.
 *
 * @param t T, `[count, count]`, zero where it was not written.
 * @param products V v, of the vectors before.
 */
export function extendTriangle<T>(
  t: usize,
  count: usize,
  k: usize,
  tau: f64,
  products: usize,
): void {
  const size = sizeof<T>();
  for (let i: usize = 0; i < k; i++) {
    let sum: T = 0;
    for (let l = i; l < k; l++) {
      sum += <T> (load<T>(t + (i * count + l) * size) * load<T>(products + l * size));
    }
    store<T>(t + (i * count + k) * size, <T> (-tau * <f64> sum));
  }
  store<T>(t + (k * count + k) * size, <T> tau);
}

/** In this range a sum of squares has all of its digits, and so have its terms that count. */
const LOWEST: f64 = 2 ** -800;
const HIGHEST: f64 = 2 ** 1000;

/** Makes a vector, in place, the one of the reflector that turns it into β e₁; returns τ. */
export function reflect<T>(x: usize, length: usize, beta: usize): f64 {
  let scale: f64 = 1;
  let squares = squaresOf<T>(x, length);
  if (!(squares > LOWEST && squares < HIGHEST)) {
    scale = scaleOf<T>(x, length);
    for (let i: usize = 0; i < length; i++) {
      const at = x + i * sizeof<T>();
      store<T>(at, <T> (<f64> load<T>(at) * scale));
    }
    squares = squaresOf<T>(x, length);
  }
  const alpha = <f64> load<T>(x);
  store<T>(x, 1);
  const rest = squaresOf<T>(x + sizeof<T>(), length - 1);
  if (rest == 0) {
    store<T>(beta, <T> (alpha / scale));
    memory.fill(x + sizeof<T>(), 0, (length - 1) * sizeof<T>());
    return 0;
  }
  const size = alpha > 0 ? -sqrt(alpha * alpha + rest) : sqrt(alpha * alpha + rest);
  const factor = 1 / (alpha - size);
  for (let i: usize = 1; i < length; i++) {
    const at = x + i * sizeof<T>();
    store<T>(at, <T> (<f64> load<T>(at) * factor));
  }
  store<T>(beta, <T> (size / scale));
  return (size - alpha) / size;
}

/** The sum of squares, in f64, in four parts that do not wait for each other. */
export function squaresOf<T>(x: usize, length: usize): f64 {
  let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
  let i: usize = 0;
  for (; i + 4 <= length; i += 4, x += 4 * sizeof<T>()) {
    const a = <f64> load<T>(x);
    const b = <f64> load<T>(x, sizeof<T>());
    const c = <f64> load<T>(x, 2 * sizeof<T>());
    const d = <f64> load<T>(x, 3 * sizeof<T>());
    s0 += a * a;
    s1 += b * b;
    s2 += c * c;
    s3 += d * d;
  }
  for (; i < length; i++, x += sizeof<T>()) {
    const a = <f64> load<T>(x);
    s0 += a * a;
  }
  return s0 + s1 + (s2 + s3);
}

/** A power of two that brings the largest element to about one; 1 where all are zero. */
function scaleOf<T>(x: usize, length: usize): f64 {
  let largest: f64 = 0;
  for (let i: usize = 0; i < length; i++) {
    largest = max(largest, abs(<f64> load<T>(x + i * sizeof<T>())));
  }
  if (!(largest > 0)) return 1;
  const exponent = <i64> (reinterpret<u64>(largest) >> 52) - 1023;
  const power = max<i64>(-1000, min<i64>(1000, -exponent));
  return reinterpret<f64>(<u64> (power + 1023) << 52);
}
