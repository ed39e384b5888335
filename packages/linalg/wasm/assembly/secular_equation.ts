// The roots of `reference/secular_equation.ts`, with the same iteration; sums over poles take two of
// them at a time.

import { divideUp, grain, number, word } from "./memory";

const EPSILON: f64 = 1.1102230246251565e-16;
const MAX_STEPS: i32 = 100;
/** Sums over all poles that a root takes, about. */
const SUMS: usize = 8;

/** The address of a row of the numbers. */
@inline
export function secularRow(row: usize): usize {
  return word(0) + row * word(2) * 8;
}

// What the last sum came to.
let sumValue: f64 = 0;
let sumSlope: f64 = 0;
let sumError: f64 = 0;

export function secularRootsTasks(): usize {
  return divideUp(word(2), grain(word(2) * SUMS));
}

/** numbers, vectors, count, columns of the upper half, of the lower half; number 0 is ρ. */
export function secularRootsTask(task: usize): void {
  const count = word(2);
  const share = grain(count * SUMS);
  const end = min(count, (task + 1) * share);
  for (let i = task * share; i < end; i++) {
    if (i + 1 < count) innerRoot(i);
    else lastRoot();
  }
}

@inline
function at(row: usize, i: usize): f64 {
  return load<f64>(secularRow(row) + i * 8);
}

function keepRoot(i: usize, pole: f64, offset: f64): void {
  store<f64>(secularRow(6) + i * 8, pole);
  store<f64>(secularRow(7) + i * 8, offset);
}

/** Sums `count` poles from `start` on, upwards or downwards, the nearest to the root last. */
function sumPoles(pole: f64, offset: f64, start: usize, count: usize, isDown: bool): void {
  const poles = f64x2.splat(pole);
  const offsets = f64x2.splat(offset);
  let values = f64x2.splat(0);
  let slopes = f64x2.splat(0);
  let errors = f64x2.splat(0);
  let d = secularRow(0) + start * 8;
  let z = secularRow(1) + start * 8;
  const step: usize = isDown ? <usize> -16 : 16;
  if (isDown) {
    d -= 8;
    z -= 8;
  }
  let j: usize = 0;
  for (; j + 2 <= count; j += 2) {
    const weights = v128.load(z);
    const distances = f64x2.sub(f64x2.sub(v128.load(d), poles), offsets);
    const ratios = f64x2.div(weights, distances);
    values = f64x2.add(values, f64x2.mul(weights, ratios));
    slopes = f64x2.add(slopes, f64x2.mul(ratios, ratios));
    errors = f64x2.add(errors, f64x2.abs(values));
    d += step;
    z += step;
  }
  let value = f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1);
  let slope = f64x2.extract_lane(slopes, 0) + f64x2.extract_lane(slopes, 1);
  let error = f64x2.extract_lane(errors, 0) + f64x2.extract_lane(errors, 1) + abs(value);
  if (j < count) {
    // Downwards the pair would begin one element before the last one.
    const last: usize = isDown ? 8 : 0;
    const weight = load<f64>(z + last);
    const ratio = weight / (load<f64>(d + last) - pole - offset);
    value += weight * ratio;
    slope += ratio * ratio;
    error += abs(value);
  }
  sumValue = value;
  sumSlope = slope;
  sumError = error + 4 * abs(value);
}

/** The root between pole i and the next. */
function innerRoot(i: usize): void {
  const count = word(2);
  const rho = number(0);
  const di = at(0, i);
  const next = at(0, i + 1);
  const gap = next - di;
  const half = gap / 2;
  const p = at(1, i) * at(1, i);
  const q = at(1, i + 1) * at(1, i + 1);
  sumPoles(di, half, 0, i, false);
  let others = 1 / rho + sumValue;
  sumPoles(di, half, count - 1, count - 2 - i, true);
  others += sumValue;
  const isLeft = others + (q - p) / half >= 0;
  const pole = isLeft ? di : next;
  let low = isLeft ? 0 : -half;
  let high = isLeft ? half : 0;
  let offset = isLeft
    ? smallRoot(others * gap + p + q, p * gap, others)
    : -smallRoot(q + p - others * gap, q * gap, -others);
  if (!(offset > low && offset < high)) offset = low + (high - low) / 2;
  for (let step = 0; step < MAX_STEPS; step++) {
    sumPoles(pole, offset, 0, i + 1, false);
    const below = sumValue;
    const slopeBelow = sumSlope;
    const errorBelow = sumError;
    sumPoles(pole, offset, count - 1, count - 1 - i, true);
    const f = 1 / rho + below + sumValue;
    const slope = slopeBelow + sumSlope;
    const error = 2 / rho + errorBelow + sumError + abs(offset) * slope;
    if (abs(f) <= EPSILON * error) break;
    if (f < 0) low = offset;
    else high = offset;
    const left = di - pole - offset;
    const right = next - pole - offset;
    const c = f - left * slopeBelow - right * sumSlope;
    const a = (left + right) * f - left * right * slope;
    const taken = within(offset + smallRoot(a, left * right * f, c), low, high);
    if (taken == offset || taken == low || taken == high) break;
    offset = taken;
  }
  keepRoot(i, pole, offset);
}

/** The root of c x² - a x + b that goes to b / a as c goes to zero. */
@inline
function smallRoot(a: f64, b: f64, c: f64): f64 {
  const root = sqrt<f64>(max<f64>(0, a * a - 4 * b * c));
  return a > 0 ? 2 * b / (a + root) : (a - root) / (2 * c);
}

/** A number between two others, or else their middle. */
@inline
function within(x: f64, low: f64, high: f64): f64 {
  return x > low && x < high ? x : low + (high - low) / 2;
}

/** The root behind the last pole. */
function lastRoot(): void {
  const count = word(2);
  const rho = number(0);
  const pole = at(0, count - 1);
  let squares: f64 = 0;
  for (let j: usize = 0; j < count; j++) squares += at(1, j) * at(1, j);
  let low: f64 = 0;
  let high = rho * squares * (1 + 2 * <f64> count * EPSILON);
  let offset = rho * at(1, count - 1) * at(1, count - 1);
  for (let step = 0; step < MAX_STEPS; step++) {
    sumPoles(pole, offset, 0, count, false);
    const f = 1 / rho + sumValue;
    const error = 2 / rho + sumError + offset * sumSlope;
    if (abs(f) <= EPSILON * error) break;
    if (f < 0) low = offset;
    else high = offset;
    const c = f + offset * sumSlope;
    const taken = within(offset * (offset * sumSlope / c), low, high);
    if (taken == offset || taken == low || taken == high) break;
    offset = taken;
  }
  keepRoot(count - 1, pole, offset);
}
