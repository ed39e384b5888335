// The derivative of y = gain · h, h = x · r, r = 1 / √(mean x² + epsilon), of each row: with u = dy · gain
//
//   dx = r · (u − h · mean(u · h))        dgain = Σ dy · h over the rows
//
// Sums are in f64; those of dgain are first over the rows of a task, a part each, then over the parts
// (sum_parts.ts), so that no order depends on the threads.

import { divideUp, number, word } from "./memory";
import { lanes, loadUpTo, madd, pairProducts, pairSquares, storeUpTo, sumLanes, zero } from "./simd";
import { addToPart } from "./sum_parts";

export function rmsNormGradientTasks(): usize {
  return divideUp(word(5), word(7));
}

/** x, gain, gradient, gradientX, parts of dgain, rows, cols, rows of a task; epsilon is number 0. */
export function rmsNormGradientTask<T>(task: usize): void {
  const cols = word(6);
  const bytes = cols * sizeof<T>();
  const end = min(word(5), (task + 1) * word(7));
  const part = word(4) + task * cols * sizeof<f64>();
  memory.fill(part, 0, cols * sizeof<f64>());
  for (let row = task * word(7); row < end; row++) {
    const at = row * bytes;
    const x = word(0) + at;
    const gradient = word(2) + at;
    const sums = measure<T>(x, word(1), gradient, cols);
    const r = 1 / sqrt<f64>(f64x2.extract_lane(sums, 0) / <f64> cols + number(0));
    const mean = f64x2.extract_lane(sums, 1) / <f64> cols * r;
    differentiate<T>(x, word(1), gradient, word(3) + at, part, cols, <T> r, <T> mean);
  }
}

/** Σ x² and Σ u · x. */
function measure<T>(x: usize, gain: usize, gradient: usize, count: usize): v128 {
  let squares = zero();
  let products = zero();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    const values = v128.load(x);
    const u = v128.mul<T>(v128.load(gradient), v128.load(gain));
    squares = f64x2.add(squares, pairSquares<T>(values));
    products = f64x2.add(products, pairProducts<T>(u, values));
    x += 16;
    gain += 16;
    gradient += 16;
  }
  if (count > 0) {
    const values = loadUpTo<T>(x, count);
    const u = v128.mul<T>(loadUpTo<T>(gradient, count), loadUpTo<T>(gain, count));
    squares = f64x2.add(squares, pairSquares<T>(values));
    products = f64x2.add(products, pairProducts<T>(u, values));
  }
  return f64x2.replace_lane(f64x2.splat(sumLanes<f64>(squares)), 1, sumLanes<f64>(products));
}

/** Writes dx, and adds dy · h to the part. */
function differentiate<T>(
  x: usize,
  gain: usize,
  gradient: usize,
  out: usize,
  part: usize,
  count: usize,
  r: T,
  mean: T,
): void {
  const factor = v128.splat<T>(r);
  const share = v128.splat<T>(-mean);
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    differentiateVector<T>(x, gain, gradient, out, part, lanes<T>(), factor, share);
    x += 16;
    gain += 16;
    gradient += 16;
    out += 16;
    part += lanes<T>() * sizeof<f64>();
  }
  if (count > 0) differentiateVector<T>(x, gain, gradient, out, part, count, factor, share);
}

/** Up to a vector of elements. */
@inline
function differentiateVector<T>(
  x: usize,
  gain: usize,
  gradient: usize,
  out: usize,
  part: usize,
  count: usize,
  factor: v128,
  share: v128,
): void {
  const dy = loadUpTo<T>(gradient, count);
  const h = v128.mul<T>(loadUpTo<T>(x, count), factor);
  const u = v128.mul<T>(dy, loadUpTo<T>(gain, count));
  storeUpTo<T>(out, v128.mul<T>(madd<T>(h, share, u), factor), count);
  addToPart<T>(part, v128.mul<T>(dy, h), count);
}
