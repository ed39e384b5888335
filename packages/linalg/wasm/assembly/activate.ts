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
  const count = min(GRAIN, word(2) - start);
  let x = word(0) + start * sizeof<T>();
  let out = word(1) + start * sizeof<T>();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    storeUpTo<T>(out, activation<T>(loadUpTo<T>(x, left), kind), left);
    x += 16;
    out += 16;
  }
}

export function activateGradientTasks(): usize {
  return divideUp(word(3), GRAIN);
}

/** x, gradient, out, length, which activation. */
export function activateGradientTask<T>(task: usize): void {
  const kind = word(4);
  const start = task * GRAIN;
  const count = min(GRAIN, word(3) - start);
  let x = word(0) + start * sizeof<T>();
  let gradient = word(1) + start * sizeof<T>();
  let out = word(2) + start * sizeof<T>();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const slope = activationSlope<T>(loadUpTo<T>(x, left), kind);
    storeUpTo<T>(out, v128.mul<T>(loadUpTo<T>(gradient, left), slope), left);
    x += 16;
    gradient += 16;
    out += 16;
  }
}
