// Householder reflectors that make a few columns of a matrix triangular, each column a row of x:
//
//   x_k = (I - V Tᵀ Vᵀ) x_k by all before it    v_k, τ, β = reflect(x_k[k:])    R[:k, k] = x_k[:k], R[k, k] = β
//   T[:k, k] = -τ T[:k, :k] (V x v_k)    T[k, k] = τ
//
// A column is brought up to date when its turn comes, so that it stays in the first cache while the
// vectors before it go by, four at a time. One task: a panel is small beside what it is applied to.

import { word } from "./memory";
import { spare } from "./panels";
import { lanes, loadUpTo, madd, storeUpTo } from "./simd";
import { dotRows } from "./thin_dot";

/** x, columns, their length, T, R. */
export function householderPanelTask<T>(): void {
  const x = word(0);
  const count = word(1);
  const length = word(2);
  const lead = length * sizeof<T>();
  memory.fill(word(3), 0, count * count * sizeof<T>());
  memory.fill(word(4), 0, count * count * sizeof<T>());
  for (let k: usize = 0; k < count; k++) {
    const row = x + k * lead;
    if (k > 0) {
      products<T>(row, x, k, length);
      timesTransposed<T>(k);
      for (let i: usize = 0; i < k; i += 4) {
        subtractRows<T>(row, x + i * lead, lead, min<usize>(4, k - i), factors<T>(i), length);
      }
    }
    for (let i: usize = 0; i < k; i++) {
      store<T>(element<T>(word(4), i, k), load<T>(row + i * sizeof<T>()));
    }
    const tau = reflect<T>(row + k * sizeof<T>(), length - k, element<T>(word(4), k, k));
    memory.fill(row, 0, k * sizeof<T>());
    if (k > 0) products<T>(row, x, k, length);
    extend<T>(k, tau);
  }
}

/** Element [i, k] of T or R. */
@inline
function element<T>(matrix: usize, i: usize, k: usize): usize {
  return matrix + (i * word(1) + k) * sizeof<T>();
}

/** Where the products of a column with the vectors before it are kept, four at a time. */
@inline
function factors<T>(i: usize): usize {
  return spare() + i * sizeof<T>();
}

/** Multiplies a column by all vectors before it. */
function products<T>(row: usize, x: usize, count: usize, length: usize): void {
  const lead = length * sizeof<T>();
  for (let i: usize = 0; i < count; i += 4) {
    dotRows<T>(row, x + i * lead, lead, min<usize>(4, count - i), length, factors<T>(i));
  }
}

/** The factors become Tᵀ times them, the last one first. */
function timesTransposed<T>(count: usize): void {
  for (let i = count; i-- > 0;) {
    let sum: T = 0;
    for (let l: usize = 0; l <= i; l++) {
      sum += <T> (load<T>(element<T>(word(3), l, i)) * load<T>(factors<T>(l)));
    }
    store<T>(factors<T>(i), sum);
  }
}

/** Appends column k to T. */
function extend<T>(k: usize, tau: f64): void {
  for (let i: usize = 0; i < k; i++) {
    let sum: T = 0;
    for (let l = i; l < k; l++) {
      sum += <T> (load<T>(element<T>(word(3), i, l)) * load<T>(factors<T>(l)));
    }
    store<T>(element<T>(word(3), i, k), <T> (-tau * <f64> sum));
  }
  store<T>(element<T>(word(3), k, k), <T> tau);
}

/** target -= factor 0 · row 0 + … for up to four rows. */
function subtractRows<T>(
  target: usize,
  rows: usize,
  lead: usize,
  count: usize,
  factor: usize,
  length: usize,
): void {
  const size = sizeof<T>();
  // Rows that are not there are the first one, times zero.
  const row1 = count > 1 ? rows + lead : rows;
  const row2 = count > 2 ? row1 + lead : rows;
  const row3 = count > 3 ? row2 + lead : rows;
  const f0 = v128.splat<T>(<T> -load<T>(factor));
  const f1 = v128.splat<T>(count > 1 ? <T> -load<T>(factor + size) : <T> 0);
  const f2 = v128.splat<T>(count > 2 ? <T> -load<T>(factor + 2 * size) : <T> 0);
  const f3 = v128.splat<T>(count > 3 ? <T> -load<T>(factor + 3 * size) : <T> 0);
  for (let i: usize = 0; i < length; i += lanes<T>()) {
    const at = i * size;
    const left = length - i;
    let sum = loadUpTo<T>(target + at, left);
    sum = madd<T>(f0, loadUpTo<T>(rows + at, left), sum);
    sum = madd<T>(f1, loadUpTo<T>(row1 + at, left), sum);
    sum = madd<T>(f2, loadUpTo<T>(row2 + at, left), sum);
    sum = madd<T>(f3, loadUpTo<T>(row3 + at, left), sum);
    storeUpTo<T>(target + at, sum, left);
  }
}

/** In this range a sum of squares has all of its digits, and so have its terms that count. */
const LOWEST: f64 = 2 ** -800;
const HIGHEST: f64 = 2 ** 1000;

/** Makes a vector, in place, the one of the reflector that turns it into β e₁; returns τ. */
function reflect<T>(x: usize, length: usize, beta: usize): f64 {
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
function squaresOf<T>(x: usize, length: usize): f64 {
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
