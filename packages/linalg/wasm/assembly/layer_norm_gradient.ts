// The derivative of y = gain · h + bias, h = (x − μ) · r, of each row, μ and r as in layer_norm.ts: with
// u = dy · gain
//
//   dx = r · (u − mean u − h · mean(u · h))    dgain = Σ dy · h    dbias = Σ dy over the rows
//
// in f64. Sums over the rows are added up as in rms_norm_gradient.ts.

import { meanOf, varianceOf } from "./layer_norm";
import { divideUp, number, word } from "./memory";
import {
  highDoubles,
  joinDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  madd,
  storeUpTo,
  sumLanes,
  zero,
} from "./simd";
import { addPair } from "./sum_parts";

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
  const means = f64x2.splat(mean);
  let sum = zero();
  let products = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const values = loadUpTo<T>(x, left);
    const dy = loadUpTo<T>(gradient, left);
    const gains = loadUpTo<T>(gain, left);
    // Beyond the row dy is zero, and so is u.
    if (sizeof<T>() == 8) {
      const u = f64x2.mul(dy, gains);
      sum = f64x2.add(sum, u);
      products = madd<f64>(u, f64x2.sub(values, means), products);
    } else {
      const low = f64x2.mul(lowDoubles(dy), lowDoubles(gains));
      const high = f64x2.mul(highDoubles(dy), highDoubles(gains));
      sum = f64x2.add(sum, f64x2.add(low, high));
      products = madd<f64>(low, f64x2.sub(lowDoubles(values), means), products);
      products = madd<f64>(high, f64x2.sub(highDoubles(values), means), products);
    }
    x += 16;
    gain += 16;
    gradient += 16;
  }
  const share = 1 / <f64> count;
  const ofU = f64x2.splat(sumLanes<f64>(sum) * share);
  return f64x2.replace_lane(ofU, 1, sumLanes<f64>(products) * share * r);
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
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const values = loadUpTo<T>(x, left);
    const dy = loadUpTo<T>(gradient, left);
    const gains = loadUpTo<T>(gain, left);
    if (sizeof<T>() == 8) {
      const h = normalized(values, mean, r);
      storeUpTo<T>(out, slope(h, dy, gains, r, sums), left);
      addPair(part, f64x2.mul(dy, h), left);
      addPair(part + ofBias, dy, left);
    } else {
      const hLow = normalized(lowDoubles(values), mean, r);
      const hHigh = normalized(highDoubles(values), mean, r);
      const low = lowDoubles(dy);
      const high = highDoubles(dy);
      const result = joinDoubles(
        slope(hLow, low, lowDoubles(gains), r, sums),
        slope(hHigh, high, highDoubles(gains), r, sums),
      );
      storeUpTo<T>(out, result, left);
      addPair(part, f64x2.mul(low, hLow), left);
      addPair(part + ofBias, low, left);
      if (left > 2) {
        addPair(part + 16, f64x2.mul(high, hHigh), left - 2);
        addPair(part + ofBias + 16, high, left - 2);
      }
    }
    x += 16;
    gain += 16;
    gradient += 16;
    out += 16;
    part += lanes<T>() * sizeof<f64>();
  }
}

/** h. */
@inline
function normalized(x: v128, mean: f64, r: f64): v128 {
  return f64x2.mul(f64x2.sub(x, f64x2.splat(mean)), f64x2.splat(r));
}

/** r · (u − mean u − h · mean(u · h)). */
@inline
function slope(h: v128, dy: v128, gains: v128, r: f64, sums: v128): v128 {
  const ofU = i64x2.shuffle(sums, sums, 0, 0);
  const ofProduct = i64x2.shuffle(sums, sums, 1, 1);
  const rest = f64x2.sub(f64x2.sub(f64x2.mul(dy, gains), ofU), f64x2.mul(h, ofProduct));
  return f64x2.mul(rest, f64x2.splat(r));
}
