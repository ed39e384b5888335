// Fits a uniform grid to each row, and chooses by how much its range is shrunk: the share of it with
// the least Σ |x − x̂|^2.4. Scales are found in f64 as on the host, errors in f32.

import { decodeHalves, encodeHalf } from "./half";
import { divideUp, grain, word } from "./memory";
import { lanes, loadUpTo, madd, sumLanes, zero } from "./simd";

export function fitGridsTasks(): usize {
  return divideUp(word(3), grain(word(4) * word(7)));
}

/** x, steps, zero points or 0, rows, cols, levels of a grid, whether steps are f16, shares to try. */
export function fitGridsTask(task: usize): void {
  const share = grain(word(4) * word(7));
  const end = min(word(3), (task + 1) * share);
  for (let row = task * share; row < end; row++) fitRow(row);
}

function fitRow(row: usize): void {
  const cols = word(4);
  const x = word(0) + row * cols * 4;
  const last = <f64> (word(5) - 1);
  const isSymmetric = word(2) == 0;
  let lowest = zero(), highest = zero();
  for (let j: usize = 0; j < cols; j += 4) {
    const values = loadUpTo<f32>(x + j * 4, cols - j);
    lowest = f32x4.min(lowest, values);
    highest = f32x4.max(highest, values);
  }
  const lo = <f64> leastLane(lowest);
  const hi = -<f64> leastLane(f32x4.neg(highest));
  const range = isSymmetric ? 2 * max(-lo, hi) : hi - lo;
  let least: f64 = 0;
  let unit: f64 = 0;
  for (let i: usize = 0; i < word(7); i++) {
    const share = 1 - <f64> i / 100;
    const step = toStored(<f32> (share * range / last));
    if (i == 0) unit = 1 / <f64> step;
    let zeroPoint = <f64> (word(5) / 2);
    if (!isSymmetric) {
      zeroPoint = step == 0 ? 0 : min(nearest<f64>(-share * lo / <f64> step), last);
    }
    const error = word(7) == 1 ? 0 : errorOf(x, cols, step, <f32> zeroPoint, <f32> last, <f32> unit);
    if (i > 0 && !(error < least)) continue;
    least = error;
    store<f32>(word(1) + row * 4, step);
    if (!isSymmetric) store<f32>(word(2) + row * 4, <f32> zeroPoint);
  }
}

function leastLane(vector: v128): f32 {
  const pairs = f32x4.min(vector, i64x2.shuffle(vector, vector, 1, 0));
  return min(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

function toStored(step: f32): f32 {
  return word(6) ? f32x4.extract_lane(decodeHalves(i32x4.splat(<i32> encodeHalf(step))), 0) : step;
}

/** Σ |x − x̂|^2.4 in units of the first step, so that it neither overflows nor vanishes. */
function errorOf(x: usize, count: usize, step: f32, zeroPoint: f32, last: f32, unit: f32): f64 {
  const steps = f32x4.splat(step);
  const zeroPoints = f32x4.splat(zeroPoint);
  const lastCode = f32x4.splat(last);
  const units = f32x4.splat(unit);
  let sum = zero();
  for (; count >= lanes<f32>(); count -= lanes<f32>(), x += 16) {
    sum = f32x4.add(sum, powers(v128.load(x), steps, zeroPoints, lastCode, units));
  }
  if (count > 0) {
    // Zeros are levels of every grid, and add nothing.
    const rest = loadUpTo<f32>(x, count);
    sum = f32x4.add(sum, powers(rest, steps, zeroPoints, lastCode, units));
  }
  return <f64> sumLanes<f32>(sum);
}

@inline
function powers(x: v128, step: v128, zeroPoint: v128, last: v128, unit: v128): v128 {
  const code = f32x4.add(f32x4.nearest(f32x4.div(x, step)), zeroPoint);
  const level = f32x4.sub(f32x4.pmin(f32x4.pmax(zero(), code), last), zeroPoint);
  const error = f32x4.mul(f32x4.sub(x, f32x4.mul(step, level)), unit);
  const square = f32x4.mul(error, error);
  return f32x4.mul(square, fifthRoot(square));
}

/**
 * x^(1/5) of numbers that are not negative, to 1e-4 of it: a fifth of the logarithm that the bits of a
 * float are, about, then two steps of Newton's method, y − (y⁵ − x) / (5 y⁴).
 */
@inline
function fifthRoot(x: v128): v128 {
  // 4/5 of the bits of 1.
  const bits = madd<f32>(
    f32x4.convert_i32x4_s(x),
    f32x4.splat(0.2),
    f32x4.splat(852282573),
  );
  let y = i32x4.trunc_sat_f32x4_s(bits);
  y = newton(x, y);
  return newton(x, y);
}

@inline
function newton(x: v128, y: v128): v128 {
  const square = f32x4.mul(y, y);
  const quotient = f32x4.div(x, f32x4.mul(square, square));
  return madd<f32>(y, f32x4.splat(0.8), f32x4.mul(quotient, f32x4.splat(0.2)));
}
