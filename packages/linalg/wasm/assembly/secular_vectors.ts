// The weights and vectors of `reference/secular_vectors.ts`, two poles at a time.

import { divideUp, grain, word } from "./memory";
import { secularRow } from "./secular_equation";
import { spare } from "./panels";

/** Poles whose products are kept side by side. */
const STRIP: usize = 32;

export function secularWeightsTasks(): usize {
  return divideUp(word(2), STRIP);
}

/** Makes row 3 the weights that the roots are exact for. */
export function secularWeightsTask(task: usize): void {
  const count = word(2);
  const first = task * STRIP;
  const strip = min(STRIP, count - first);
  const d = secularRow(2) + first * 8;
  const z = secularRow(3) + first * 8;
  const ones = f64x2.splat(1);
  const zeros = f64x2.splat(0);
  for (let j: usize = 0; j < strip; j += 2) v128.store(spare() + j * 8, ones);
  for (let i: usize = 0; i < count; i++) {
    const own = v128.load_splat<f64>(secularRow(0) + i * 8);
    const pole = v128.load_splat<f64>(secularRow(6) + i * 8);
    const offset = v128.load_splat<f64>(secularRow(7) + i * 8);
    // The last of an odd number has one behind it, which is not used.
    for (let j: usize = 0; j < strip; j += 2) {
      const poles = v128.load(d + j * 8);
      const gaps = f64x2.sub(own, poles);
      const divisors = v128.bitselect(ones, gaps, f64x2.eq(gaps, zeros));
      const ratios = f64x2.div(f64x2.add(f64x2.sub(pole, poles), offset), divisors);
      v128.store(spare() + j * 8, f64x2.mul(v128.load(spare() + j * 8), ratios));
    }
  }
  for (let j: usize = 0; j < strip; j++) {
    const size = sqrt<f64>(abs(load<f64>(spare() + j * 8)));
    store<f64>(z + j * 8, copysign<f64>(size, load<f64>(z + j * 8)));
  }
}

/** A vector takes about as long as so many passes over numbers. */
const PASSES: usize = 4;

export function secularVectorsTasks(): usize {
  return divideUp(word(2), grain(word(2) * PASSES));
}

export function secularVectorsTask<T>(task: usize): void {
  const count = word(2);
  const share = grain(count * PASSES);
  const end = min(count, (task + 1) * share);
  for (let i = task * share; i < end; i++) vector<T>(i);
}

// Sums over the vector that is made.
let squares: f64 = 0;
let sumFirst: f64 = 0;
let sumLast: f64 = 0;

function vector<T>(i: usize): void {
  const size = sizeof<T>();
  const count = word(2);
  const upper = word(1) + i * (word(3) + word(4)) * size;
  const lower = upper + word(3) * size;
  squares = 0;
  sumFirst = 0;
  sumLast = 0;
  elements<T>(i, 0, word(3), upper);
  // What is of both halves is there already.
  const both = word(3) + word(4) - count;
  memory.copy(lower, upper + (word(3) - both) * size, both * size);
  elements<T>(i, word(3), count, lower + both * size);
  const factor = 1 / sqrt<f64>(squares);
  multiply<T>(upper, word(3) + word(4), factor);
  store<f64>(secularRow(8) + i * 8, sumFirst * factor);
  store<f64>(secularRow(9) + i * 8, sumLast * factor);
}

/** Elements `start` to `end` of vector i, not normalized. */
function elements<T>(i: usize, start: usize, end: usize, target: usize): void {
  const pole = load<f64>(secularRow(6) + i * 8);
  const offset = load<f64>(secularRow(7) + i * 8);
  const poles = f64x2.splat(pole);
  const offsets = f64x2.splat(offset);
  const d = secularRow(2);
  const z = secularRow(3);
  const first = secularRow(4);
  const last = secularRow(5);
  let s = f64x2.splat(0), f = f64x2.splat(0), l = f64x2.splat(0);
  let j = start;
  for (; j + 2 <= end; j += 2) {
    const at = j * 8;
    const distances = f64x2.sub(f64x2.sub(v128.load(d + at), poles), offsets);
    const u = f64x2.div(v128.load(z + at), distances);
    s = f64x2.add(s, f64x2.mul(u, u));
    f = f64x2.add(f, f64x2.mul(u, v128.load(first + at)));
    l = f64x2.add(l, f64x2.mul(u, v128.load(last + at)));
    if (sizeof<T>() == 8) v128.store(target, u);
    else v128.store_lane<f64>(target, f32x4.demote_f64x2_zero(u), 0);
    target += 2 * sizeof<T>();
  }
  squares += f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  sumFirst += f64x2.extract_lane(f, 0) + f64x2.extract_lane(f, 1);
  sumLast += f64x2.extract_lane(l, 0) + f64x2.extract_lane(l, 1);
  if (j < end) {
    const at = j * 8;
    const u = load<f64>(z + at) / (load<f64>(d + at) - pole - offset);
    squares += u * u;
    sumFirst += u * load<f64>(first + at);
    sumLast += u * load<f64>(last + at);
    store<T>(target, <T> u);
  }
}

function multiply<T>(x: usize, count: usize, factor: f64): void {
  for (let j: usize = 0; j < count; j++) {
    store<T>(x + j * sizeof<T>(), <T> (<f64> load<T>(x + j * sizeof<T>()) * factor));
  }
}
