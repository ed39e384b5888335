// gain · (x − μ) · r + bias over rows, μ = mean x, r = 1 / √(mean (x − μ)² + epsilon), in f64.

import { divideUp, grain, number, word } from "./memory";
import {
  firstLanes,
  highDoubles,
  joinDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  madd,
  pairSums,
  storeUpTo,
  sumLanes,
  zero,
} from "./simd";

export function layerNormTasks(): usize {
  return divideUp(word(4), grain(word(5)));
}

/** x, gain, bias or 0, out, rows, cols; epsilon is number 0. */
export function layerNormTask<T>(task: usize): void {
  const cols = word(5);
  const bytes = cols * sizeof<T>();
  const share = grain(cols);
  const end = min(word(4), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const x = word(0) + row * bytes;
    const mean = meanOf<T>(x, cols);
    const r = 1 / sqrt<f64>(varianceOf<T>(x, cols, mean) + number(0));
    normalize<T>(x, word(1), word(2), word(3) + row * bytes, cols, mean, r);
  }
}

export function meanOf<T>(x: usize, count: usize): f64 {
  let sum = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    sum = f64x2.add(sum, pairSums<T>(loadUpTo<T>(x, count - i)));
    x += 16;
  }
  return sumLanes<f64>(sum) / <f64> count;
}

export function varianceOf<T>(x: usize, count: usize, mean: f64): f64 {
  const means = f64x2.splat(mean);
  let low = zero();
  let high = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const values = loadUpTo<T>(x, left);
    low = addSquares(low, sizeof<T>() == 8 ? values : lowDoubles(values), means, left);
    if (sizeof<T>() == 4 && left > 2) {
      high = addSquares(high, highDoubles(values), means, left - 2);
    }
    x += 16;
  }
  return sumLanes<f64>(f64x2.add(low, high)) / <f64> count;
}

/** Adds (x − μ)² for up to two x. */
@inline
function addSquares(sum: v128, x: v128, means: v128, count: usize): v128 {
  let difference = f64x2.sub(x, means);
  if (count < 2) difference = v128.and(difference, firstLanes<f64>(count));
  return madd<f64>(difference, difference, sum);
}

function normalize<T>(
  x: usize,
  gain: usize,
  bias: usize,
  out: usize,
  count: usize,
  mean: f64,
  r: f64,
): void {
  const means = f64x2.splat(mean);
  const factor = f64x2.splat(r);
  const step: usize = bias ? 16 : 0;
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const values = loadUpTo<T>(x, left);
    const gains = loadUpTo<T>(gain, left);
    const biases = bias ? loadUpTo<T>(bias, left) : zero();
    let result: v128;
    if (sizeof<T>() == 8) result = normalizePair(values, means, factor, gains, biases);
    else {
      result = joinDoubles(
        normalizePair(lowDoubles(values), means, factor, lowDoubles(gains), lowDoubles(biases)),
        normalizePair(highDoubles(values), means, factor, highDoubles(gains), highDoubles(biases)),
      );
    }
    storeUpTo<T>(out, result, left);
    x += 16;
    gain += 16;
    bias += step;
    out += 16;
  }
}

@inline
function normalizePair(x: v128, means: v128, factor: v128, gains: v128, biases: v128): v128 {
  return madd<f64>(f64x2.mul(f64x2.sub(x, means), factor), gains, biases);
}
