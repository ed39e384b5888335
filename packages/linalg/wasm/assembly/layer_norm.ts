// gain · (x − μ) · r + bias over rows, μ = mean x, r = 1 / √(mean (x − μ)² + epsilon), in f64.

import { divideUp, grain, number, word } from "./memory";
import {
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
  const share = 1 / <f64> count;
  let sum = zero();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    sum = f64x2.add(sum, pairSums<T>(v128.load(x)));
    x += 16;
  }
  if (count > 0) sum = f64x2.add(sum, pairSums<T>(loadUpTo<T>(x, count)));
  return sumLanes<f64>(sum) * share;
}

export function varianceOf<T>(x: usize, count: usize, mean: f64): f64 {
  const share = 1 / <f64> count;
  const means = f64x2.splat(mean);
  let sum = zero();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    sum = f64x2.add(sum, squaredDistances<T>(v128.load(x), means));
    x += 16;
  }
  let total = sumLanes<f64>(sum);
  for (; count > 0; count--) {
    const difference = <f64> load<T>(x) - mean;
    total += difference * difference;
    x += sizeof<T>();
  }
  return total * share;
}

/** (x − μ)²; of four f32, the sums of two and two. */
@inline
function squaredDistances<T>(x: v128, means: v128): v128 {
  const low = f64x2.sub(sizeof<T>() == 8 ? x : lowDoubles(x), means);
  if (sizeof<T>() == 8) return f64x2.mul(low, low);
  const high = f64x2.sub(highDoubles(x), means);
  return madd<f64>(low, low, f64x2.mul(high, high));
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
  const hasBias = bias != 0;
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    normalizeVector<T>(x, gain, bias, out, lanes<T>(), means, factor, hasBias);
    x += 16;
    gain += 16;
    bias += 16;
    out += 16;
  }
  if (count > 0) normalizeVector<T>(x, gain, bias, out, count, means, factor, hasBias);
}

/** Up to a vector of elements. */
@inline
function normalizeVector<T>(
  x: usize,
  gain: usize,
  bias: usize,
  out: usize,
  count: usize,
  means: v128,
  factor: v128,
  hasBias: bool,
): void {
  const values = loadUpTo<T>(x, count);
  const gains = loadUpTo<T>(gain, count);
  const biases = hasBias ? loadUpTo<T>(bias, count) : zero();
  if (sizeof<T>() == 8) {
    storeUpTo<T>(out, normalizePair(values, means, factor, gains, biases), count);
    return;
  }
  const result = joinDoubles(
    normalizePair(lowDoubles(values), means, factor, lowDoubles(gains), lowDoubles(biases)),
    normalizePair(highDoubles(values), means, factor, highDoubles(gains), highDoubles(biases)),
  );
  storeUpTo<T>(out, result, count);
}

@inline
function normalizePair(x: v128, means: v128, factor: v128, gains: v128, biases: v128): v128 {
  return madd<f64>(f64x2.mul(f64x2.sub(x, means), factor), gains, biases);
}
