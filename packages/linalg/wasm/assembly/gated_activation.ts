// An activation function of one array times another, and the derivative of both.

import { activation, activationSlope, decay, SILU, silu, siluSlope, upperShare } from "./activation";
import { divideUp, GRAIN, word } from "./memory";
import { lanes, loadUpTo, storeUpTo } from "./simd";

export function gatedActivationTasks(): usize {
  return divideUp(word(3), GRAIN);
}

/** gate, up, out, length, which activation. */
export function gatedActivationTask<T>(task: usize): void {
  const kind = word(4);
  const start = task * GRAIN;
  const count = min(GRAIN, word(3) - start);
  let gate = word(0) + start * sizeof<T>();
  let up = word(1) + start * sizeof<T>();
  let out = word(2) + start * sizeof<T>();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const value = activation<T>(loadUpTo<T>(gate, left), kind);
    storeUpTo<T>(out, v128.mul<T>(value, loadUpTo<T>(up, left)), left);
    gate += 16;
    up += 16;
    out += 16;
  }
}

export function gatedActivationGradientTasks(): usize {
  return divideUp(word(5), GRAIN);
}

/** gate, up, gradient, gradientGate, gradientUp, length, which activation. */
export function gatedActivationGradientTask<T>(task: usize): void {
  const kind = word(6);
  const start = task * GRAIN;
  const count = min(GRAIN, word(5) - start);
  let gate = word(0) + start * sizeof<T>();
  let up = word(1) + start * sizeof<T>();
  let gradient = word(2) + start * sizeof<T>();
  let gradientGate = word(3) + start * sizeof<T>();
  let gradientUp = word(4) + start * sizeof<T>();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const x = loadUpTo<T>(gate, left);
    const dy = loadUpTo<T>(gradient, left);
    let value: v128;
    let slope: v128;
    if (kind == SILU) {
      // Value and slope share an exponential and a division.
      const e = decay<T>(x);
      const q = upperShare<T>(e);
      value = silu<T>(x, e, q);
      slope = siluSlope<T>(x, e, q);
    } else {
      value = activation<T>(x, kind);
      slope = activationSlope<T>(x, kind);
    }
    storeUpTo<T>(gradientUp, v128.mul<T>(dy, value), left);
    storeUpTo<T>(gradientGate, v128.mul<T>(v128.mul<T>(dy, loadUpTo<T>(up, left)), slope), left);
    gate += 16;
    up += 16;
    gradient += 16;
    gradientGate += 16;
    gradientUp += 16;
  }
}
