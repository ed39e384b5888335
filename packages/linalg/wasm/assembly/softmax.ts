// exp(x − max) / Σ over rows; the sum in f64.

import { exp, expNegative } from "./exponential";
import { divideUp, grain, word } from "./memory";
import { firstLanes, lanes, loadUpTo, pairSums, storeUpTo, sumLanes, zero } from "./simd";

/** How much more an element costs here than in a plain loop. */
export const COST: usize = 4;

export function softmaxTasks(): usize {
  return divideUp(word(2), grain(word(3) * COST));
}

/** x, out, rows, cols. */
export function softmaxTask<T>(task: usize): void {
  const bytes = word(3) * sizeof<T>();
  const share = grain(word(3) * COST);
  const end = min(word(2), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const out = word(1) + row * bytes;
    const sum = exponentials<T>(word(0) + row * bytes, word(3), out);
    multiply<T>(out, word(3), <T> (1 / sum));
  }
}

/** Writes exp(factor · (x − max)) and returns the sum of it; the factor is positive. */
export function exponentials<T>(x: usize, count: usize, out: usize, factor: T = 1): f64 {
  const factors = v128.splat<T>(factor);
  const shift = v128.splat<T>(largest<T>(x, count));
  let sum = zero();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    const result = exponential<T>(v128.mul<T>(v128.sub<T>(v128.load(x), shift), factors));
    v128.store(out, result);
    sum = f64x2.add(sum, pairSums<T>(result));
    x += 16;
    out += 16;
  }
  if (count > 0) {
    const values = loadUpTo<T>(x, count);
    const result = exponential<T>(v128.mul<T>(v128.sub<T>(values, shift), factors));
    storeUpTo<T>(out, result, count);
    sum = f64x2.add(sum, pairSums<T>(v128.and(result, firstLanes<T>(count))));
  }
  return sumLanes<f64>(sum);
}

/** Σ exp(x − shift), with no element above the shift. */
export function sumExponentials<T>(x: usize, count: usize, shift: T): f64 {
  const shifts = v128.splat<T>(shift);
  let sum = zero();
  for (; count >= 2 * lanes<T>(); count -= 2 * lanes<T>()) {
    const a = pairSums<T>(exponential<T>(v128.sub<T>(v128.load(x), shifts)));
    x += 16;
    const b = pairSums<T>(exponential<T>(v128.sub<T>(v128.load(x), shifts)));
    x += 16;
    sum = f64x2.add(sum, f64x2.add(a, b));
  }
  for (; count > 0; count -= min(count, lanes<T>())) {
    const result = exponential<T>(v128.sub<T>(loadUpTo<T>(x, count), shifts));
    sum = f64x2.add(sum, pairSums<T>(v128.and(result, firstLanes<T>(count))));
    x += 16;
  }
  return sumLanes<f64>(sum);
}

/** exp x for x ≤ 0. */
@inline
export function exponential<T>(x: v128): v128 {
  return sizeof<T>() == 8 ? exp(x) : expNegative(x);
}

/** The largest element; NaN is passed over, as it spoils the sum in any case. */
export function largest<T>(x: usize, count: usize): T {
  const lowest = v128.splat<T>(<T> -Infinity);
  let best = lowest;
  let other = lowest;
  for (; count >= 2 * lanes<T>(); count -= 2 * lanes<T>()) {
    best = v128.pmax<T>(best, v128.load(x));
    x += 16;
    other = v128.pmax<T>(other, v128.load(x));
    x += 16;
  }
  best = v128.pmax<T>(best, other);
  for (; count > 0; count -= min(count, lanes<T>())) {
    const values = v128.bitselect(loadUpTo<T>(x, count), lowest, firstLanes<T>(count));
    best = v128.pmax<T>(best, values);
    x += 16;
  }
  const result = max<T>(v128.extract_lane<T>(best, 0), v128.extract_lane<T>(best, 1));
  if (sizeof<T>() == 8) return result;
  return max<T>(result, max<T>(v128.extract_lane<T>(best, 2), v128.extract_lane<T>(best, 3)));
}

/** Multiplies every element. */
export function multiply<T>(x: usize, count: usize, factor: T): void {
  const factors = v128.splat<T>(factor);
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(x, v128.mul<T>(v128.load(x), factors));
    x += 16;
  }
  if (count > 0) storeUpTo<T>(x, v128.mul<T>(loadUpTo<T>(x, count), factors), count);
}
