// One step of AdamW on every element of a parameter and its moments, with g = gradientScale · gradient:
//
//   m += (1 − β₁) (g − m)      p −= (1 − keep) · p + rate · m / (√(secondScale · v) + ε)
//   v += (1 − β₂) (g² − v)
//
// 1 − β and 1 − keep are small numbers that are taken in f64: what they would lose next to 1 is not
// small beside them.

import { divideUp, GRAIN, number, word } from "./memory";
import { lanes, loadUpTo, madd, storeUpTo } from "./simd";

export function adamWTasks(): usize {
  return divideUp(word(4), GRAIN);
}

/**
 * parameter, gradient, first, second, length; the numbers are gradientScale, β₁, β₂, ε, rate,
 * secondScale, keep.
 */
export function adamWTask<T>(task: usize): void {
  const start = task * GRAIN;
  let count = min(GRAIN, word(4) - start);
  let parameter = word(0) + start * sizeof<T>();
  let gradient = word(1) + start * sizeof<T>();
  let first = word(2) + start * sizeof<T>();
  let second = word(3) + start * sizeof<T>();
  const scale = v128.splat<T>(<T> number(0));
  const share1 = v128.splat<T>(<T> (1 - number(1)));
  const share2 = v128.splat<T>(<T> (1 - number(2)));
  const epsilon = v128.splat<T>(<T> number(3));
  const rate = v128.splat<T>(<T> number(4));
  const ofSecond = v128.splat<T>(<T> number(5));
  const decay = v128.splat<T>(<T> (1 - number(6)));
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    const g = v128.mul<T>(v128.load(gradient), scale);
    const m = towards<T>(v128.load(first), g, share1);
    const v = towards<T>(v128.load(second), v128.mul<T>(g, g), share2);
    const p = v128.load(parameter);
    v128.store(first, m);
    v128.store(second, v);
    v128.store(parameter, stepped<T>(p, m, v128.mul<T>(v, ofSecond), epsilon, rate, decay));
    parameter += 16;
    gradient += 16;
    first += 16;
    second += 16;
  }
  if (count > 0) {
    const g = v128.mul<T>(loadUpTo<T>(gradient, count), scale);
    const m = towards<T>(loadUpTo<T>(first, count), g, share1);
    const v = towards<T>(loadUpTo<T>(second, count), v128.mul<T>(g, g), share2);
    const p = loadUpTo<T>(parameter, count);
    storeUpTo<T>(first, m, count);
    storeUpTo<T>(second, v, count);
    const result = stepped<T>(p, m, v128.mul<T>(v, ofSecond), epsilon, rate, decay);
    storeUpTo<T>(parameter, result, count);
  }
}

/** mean + share · (value − mean). */
@inline
function towards<T>(mean: v128, value: v128, share: v128): v128 {
  return madd<T>(share, v128.sub<T>(value, mean), mean);
}

/** p − (decay · p + rate · m / (√v + ε)). */
@inline
function stepped<T>(p: v128, m: v128, v: v128, epsilon: v128, rate: v128, decay: v128): v128 {
  const root = v128.add<T>(v128.sqrt<T>(v), epsilon);
  return v128.sub<T>(p, madd<T>(decay, p, v128.div<T>(v128.mul<T>(rate, m), root)));
}
