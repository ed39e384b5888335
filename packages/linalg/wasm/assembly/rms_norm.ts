// x · gain / √(mean x² + epsilon) over rows; the sum in f64.

import { divideUp, grain, number, word } from "./memory";
import { lanes, loadUpTo, pairSquares, storeUpTo, sumLanes, zero } from "./simd";

export function rmsNormTasks(): usize {
  return divideUp(word(3), grain(word(4)));
}

/** x, gain, out, rows, cols; epsilon is number 0. */
export function rmsNormTask<T>(task: usize): void {
  const cols = word(4);
  const bytes = cols * sizeof<T>();
  const share = grain(cols);
  const end = min(word(3), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const x = word(0) + row * bytes;
    const factor = 1 / sqrt<f64>(squares<T>(x, cols) / <f64> cols + number(0));
    normalize<T>(x, word(1), word(2) + row * bytes, cols, <T> factor);
  }
}

function squares<T>(x: usize, count: usize): f64 {
  let sum = zero();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    sum = f64x2.add(sum, pairSquares<T>(v128.load(x)));
    x += 16;
  }
  if (count > 0) sum = f64x2.add(sum, pairSquares<T>(loadUpTo<T>(x, count)));
  return sumLanes<f64>(sum);
}

function normalize<T>(x: usize, gain: usize, out: usize, count: usize, factor: T): void {
  const factors = v128.splat<T>(factor);
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(out, v128.mul<T>(v128.mul<T>(v128.load(x), factors), v128.load(gain)));
    x += 16;
    gain += 16;
    out += 16;
  }
  if (count > 0) {
    const values = v128.mul<T>(loadUpTo<T>(x, count), factors);
    storeUpTo<T>(out, v128.mul<T>(values, loadUpTo<T>(gain, count)), count);
  }
}
