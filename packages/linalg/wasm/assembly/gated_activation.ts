// An activation function of one array times another, and the derivative of both.

import {
  activation,
  activationSlope,
  argument,
  decay,
  isSigmoid,
  sigmoidSlope,
  timesSigmoid,
  upperShare,
} from "./activation";
import { divideUp, GRAIN, word } from "./memory";
import { lanes, loadUpTo, storeUpTo } from "./simd";

export function gatedActivationTasks(): usize {
  return divideUp(word(3), GRAIN);
}

/** gate, up, out, length, which activation. */
export function gatedActivationTask<T>(task: usize): void {
  const kind = word(4);
  const start = task * GRAIN;
  let count = min(GRAIN, word(3) - start);
  let gate = word(0) + start * sizeof<T>();
  let up = word(1) + start * sizeof<T>();
  let out = word(2) + start * sizeof<T>();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(out, v128.mul<T>(activation<T>(v128.load(gate), kind), v128.load(up)));
    gate += 16;
    up += 16;
    out += 16;
  }
  if (count > 0) {
    const value = activation<T>(loadUpTo<T>(gate, count), kind);
    storeUpTo<T>(out, v128.mul<T>(value, loadUpTo<T>(up, count)), count);
  }
}

export function gatedActivationGradientTasks(): usize {
  return divideUp(word(5), GRAIN);
}

/** gate, up, gradient, gradientGate, gradientUp, length, which activation. */
export function gatedActivationGradientTask<T>(task: usize): void {
  const kind = word(6);
  const start = task * GRAIN;
  let count = min(GRAIN, word(5) - start);
  let gate = word(0) + start * sizeof<T>();
  let up = word(1) + start * sizeof<T>();
  let gradient = word(2) + start * sizeof<T>();
  let gradientGate = word(3) + start * sizeof<T>();
  let gradientUp = word(4) + start * sizeof<T>();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    differentiate<T>(gate, up, gradient, gradientGate, gradientUp, lanes<T>(), kind);
    gate += 16;
    up += 16;
    gradient += 16;
    gradientGate += 16;
    gradientUp += 16;
  }
  if (count > 0) differentiate<T>(gate, up, gradient, gradientGate, gradientUp, count, kind);
}

/** Up to a vector of elements. */
@inline
function differentiate<T>(
  gate: usize,
  up: usize,
  gradient: usize,
  gradientGate: usize,
  gradientUp: usize,
  count: usize,
  kind: usize,
): void {
  const x = loadUpTo<T>(gate, count);
  const dy = loadUpTo<T>(gradient, count);
  let value: v128;
  let slope: v128;
  if (isSigmoid(kind)) {
    // Value and slope share an exponential and a division.
    const y = argument<T>(x, kind);
    const e = decay<T>(y);
    const q = upperShare<T>(e);
    value = timesSigmoid<T>(x, y, e, q);
    slope = sigmoidSlope<T>(x, y, e, q, kind);
  } else {
    value = activation<T>(x, kind);
    slope = activationSlope<T>(x, kind);
  }
  storeUpTo<T>(gradientUp, v128.mul<T>(dy, value), count);
  storeUpTo<T>(gradientGate, v128.mul<T>(v128.mul<T>(dy, loadUpTo<T>(up, count)), slope), count);
}
