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
  const count = min(GRAIN, word(4) - start);
  let parameter = word(0) + start * sizeof<T>();
  let gradient = word(1) + start * sizeof<T>();
  let first = word(2) + start * sizeof<T>();
  let second = word(3) + start * sizeof<T>();
  const gradientScale = v128.splat<T>(<T> number(0));
  const share1 = v128.splat<T>(<T> (1 - number(1)));
  const share2 = v128.splat<T>(<T> (1 - number(2)));
  const epsilon = v128.splat<T>(<T> number(3));
  const rate = v128.splat<T>(<T> number(4));
  const secondScale = v128.splat<T>(<T> number(5));
  const decay = v128.splat<T>(<T> (1 - number(6)));
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const g = v128.mul<T>(loadUpTo<T>(gradient, left), gradientScale);
    let m = loadUpTo<T>(first, left);
    let v = loadUpTo<T>(second, left);
    const p = loadUpTo<T>(parameter, left);
    m = madd<T>(share1, v128.sub<T>(g, m), m);
    v = madd<T>(share2, v128.sub<T>(v128.mul<T>(g, g), v), v);
    const root = v128.add<T>(v128.sqrt<T>(v128.mul<T>(v, secondScale)), epsilon);
    const step = madd<T>(decay, p, v128.div<T>(v128.mul<T>(rate, m), root));
    storeUpTo<T>(first, m, left);
    storeUpTo<T>(second, v, left);
    storeUpTo<T>(parameter, v128.sub<T>(p, step), left);
    parameter += 16;
    gradient += 16;
    first += 16;
    second += 16;
  }
}
