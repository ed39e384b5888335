// The derivative of y = gain · h + bias, h = (x − μ) · r, of each row, μ and r as in layer_norm.ts: with
// u = dy · gain
//
//   dx = r · (u − mean u − h · mean(u · h))    dgain = Σ dy · h    dbias = Σ dy over the rows
//
// in f64, but for u and dy · h of f32. Sums over the rows are added up as in rms_norm_gradient.ts.

import { meanOf, varianceOf } from "./layer_norm";
import { divideUp, number, word } from "./memory";
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
import { addToPart } from "./sum_parts";

export function layerNormGradientTasks(): usize {
  return divideUp(word(5), word(7));
}

/** x, gain, gradient, gradientX, parts of dgain and dbias, rows, cols, rows of a task; epsilon is number 0. */
export function layerNormGradientTask<T>(task: usize): void {
  const cols = word(6);
  const bytes = cols * sizeof<T>();
  const end = min(word(5), (task + 1) * word(7));
  const part = word(4) + task * 2 * cols * sizeof<f64>();
  memory.fill(part, 0, 2 * cols * sizeof<f64>());
  for (let row = task * word(7); row < end; row++) {
    const x = word(0) + row * bytes;
    const gradient = word(2) + row * bytes;
    const mean = meanOf<T>(x, cols);
    const r = 1 / sqrt<f64>(varianceOf<T>(x, cols, mean) + number(0));
    const sums = measure<T>(x, word(1), gradient, cols, mean, r);
    differentiate<T>(x, word(1), gradient, word(3) + row * bytes, part, cols, mean, r, sums);
  }
}

/** The means of u and of u · h. */
function measure<T>(
  x: usize,
  gain: usize,
  gradient: usize,
  count: usize,
  mean: f64,
  r: f64,
): v128 {
  const share = 1 / <f64> count;
  const means = f64x2.splat(mean);
  let sum = zero();
  let products = zero();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    const u = v128.mul<T>(v128.load(gradient), v128.load(gain));
    sum = f64x2.add(sum, pairSums<T>(u));
    products = f64x2.add(products, productsWith<T>(u, v128.load(x), means));
    x += 16;
    gain += 16;
    gradient += 16;
  }
  if (count > 0) {
    // Beyond the row u is zero.
    const u = v128.mul<T>(loadUpTo<T>(gradient, count), loadUpTo<T>(gain, count));
    sum = f64x2.add(sum, pairSums<T>(u));
    products = f64x2.add(products, productsWith<T>(u, loadUpTo<T>(x, count), means));
  }
  const ofU = f64x2.splat(sumLanes<f64>(sum) * share);
  return f64x2.replace_lane(ofU, 1, sumLanes<f64>(products) * share * r);
}

/** u · (x − μ); of four f32, the sums of two and two. */
@inline
function productsWith<T>(u: v128, x: v128, means: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.mul(u, f64x2.sub(x, means));
  const high = f64x2.mul(highDoubles(u), f64x2.sub(highDoubles(x), means));
  return madd<f64>(lowDoubles(u), f64x2.sub(lowDoubles(x), means), high);
}

/** Writes dx, and adds dy · h and dy to the parts. */
function differentiate<T>(
  x: usize,
  gain: usize,
  gradient: usize,
  out: usize,
  part: usize,
  count: usize,
  mean: f64,
  r: f64,
  sums: v128,
): void {
  const ofBias = count * sizeof<f64>();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    differentiateVector<T>(x, gain, gradient, out, part, part + ofBias, lanes<T>(), mean, r, sums);
    x += 16;
    gain += 16;
    gradient += 16;
    out += 16;
    part += lanes<T>() * sizeof<f64>();
  }
  if (count > 0) {
    differentiateVector<T>(x, gain, gradient, out, part, part + ofBias, count, mean, r, sums);
  }
}

/** Up to a vector of elements. */
@inline
function differentiateVector<T>(
  x: usize,
  gain: usize,
  gradient: usize,
  out: usize,
  part: usize,
  biasPart: usize,
  count: usize,
  mean: f64,
  r: f64,
  sums: v128,
): void {
  const values = loadUpTo<T>(x, count);
  const dy = loadUpTo<T>(gradient, count);
  const u = v128.mul<T>(dy, loadUpTo<T>(gain, count));
  const low = normalized(sizeof<T>() == 8 ? values : lowDoubles(values), mean, r);
  if (sizeof<T>() == 8) {
    storeUpTo<T>(out, slope(low, u, r, sums), count);
    addToPart<T>(part, v128.mul<T>(dy, low), count);
  } else {
    const high = normalized(highDoubles(values), mean, r);
    const result = joinDoubles(
      slope(low, lowDoubles(u), r, sums),
      slope(high, highDoubles(u), r, sums),
    );
    storeUpTo<T>(out, result, count);
    addToPart<T>(part, v128.mul<T>(dy, joinDoubles(low, high)), count);
  }
  addToPart<T>(biasPart, dy, count);
}

/** h. */
@inline
function normalized(x: v128, mean: f64, r: f64): v128 {
  return f64x2.mul(f64x2.sub(x, f64x2.splat(mean)), f64x2.splat(r));
}

/** r · (u − mean u − h · mean(u · h)). */
@inline
function slope(h: v128, u: v128, r: f64, sums: v128): v128 {
  const ofU = i64x2.shuffle(sums, sums, 0, 0);
  const ofProduct = i64x2.shuffle(sums, sums, 1, 1);
  const rest = f64x2.sub(f64x2.sub(u, ofU), f64x2.mul(h, ofProduct));
  return f64x2.mul(rest, f64x2.splat(r));
}
