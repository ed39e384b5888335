// Activation functions of every element, and what their derivatives make of a gradient.

import { activation, activationSlope } from "./activation";
import { divideUp, GRAIN, word } from "./memory";
import { lanes, loadUpTo, storeUpTo } from "./simd";

export function activateTasks(): usize {
  return divideUp(word(2), GRAIN);
}

/** x, out, length, which activation. */
export function activateTask<T>(task: usize): void {
  const kind = word(3);
  const start = task * GRAIN;
  let count = min(GRAIN, word(2) - start);
  let x = word(0) + start * sizeof<T>();
  let out = word(1) + start * sizeof<T>();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(out, activation<T>(v128.load(x), kind));
    x += 16;
    out += 16;
  }
  if (count > 0) storeUpTo<T>(out, activation<T>(loadUpTo<T>(x, count), kind), count);
}

export function activateGradientTasks(): usize {
  return divideUp(word(3), GRAIN);
}

/** x, gradient, out, length, which activation. */
export function activateGradientTask<T>(task: usize): void {
  const kind = word(4);
  const start = task * GRAIN;
  let count = min(GRAIN, word(3) - start);
  let x = word(0) + start * sizeof<T>();
  let gradient = word(1) + start * sizeof<T>();
  let out = word(2) + start * sizeof<T>();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    const slope = activationSlope<T>(v128.load(x), kind);
    v128.store(out, v128.mul<T>(v128.load(gradient), slope));
    x += 16;
    gradient += 16;
    out += 16;
  }
  if (count > 0) {
    const slope = activationSlope<T>(loadUpTo<T>(x, count), kind);
    storeUpTo<T>(out, v128.mul<T>(loadUpTo<T>(gradient, count), slope), count);
  }
}
