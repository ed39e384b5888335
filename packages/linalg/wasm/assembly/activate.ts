// Activations of every element, computed in f64.

import { erfc, exp } from "./exponential";
import { divideUp, GRAIN, word } from "./memory";
import {
  highDoubles,
  joinDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  madd,
  storeUpTo,
  zero,
} from "./simd";

const SILU: usize = 0;
const GELU: usize = 1;
const GELU_TANH: usize = 2;

export function activateTasks(): usize {
  return divideUp(word(2), GRAIN);
}

/** x, out, length, which activation. */
export function activateTask<T>(task: usize): void {
  const kind = word(3);
  const end = min(word(2), (task + 1) * GRAIN);
  for (let i = task * GRAIN; i < end; i += lanes<T>()) {
    const x = loadUpTo<T>(word(0) + i * sizeof<T>(), end - i);
    storeUpTo<T>(word(1) + i * sizeof<T>(), activate<T>(x, kind), end - i);
  }
}

@inline
function activate<T>(x: v128, kind: usize): v128 {
  if (sizeof<T>() == 8) return activatePair(x, kind);
  return joinDoubles(activatePair(lowDoubles(x), kind), activatePair(highDoubles(x), kind));
}

function activatePair(x: v128, kind: usize): v128 {
  if (kind == SILU) return timesSigmoid(x, x);
  if (kind == GELU) return gelu(x);
  // x / 2 · (1 + tanh u) is x · sigmoid(2u).
  if (kind == GELU_TANH) return timesSigmoid(x, doubledTanhArgument(x));
  return f64x2.max(x, zero());
}

/** x / (1 + exp(−y)), without overflow where y is far below zero. */
@inline
function timesSigmoid(x: v128, y: v128): v128 {
  const e = exp(f64x2.neg(f64x2.abs(y)));
  const factor = v128.bitselect(e, f64x2.splat(1), f64x2.lt(y, zero()));
  return f64x2.div(f64x2.mul(x, factor), f64x2.add(f64x2.splat(1), e));
}

/** x / 2 · erfc(−x / √2). */
@inline
function gelu(x: v128): v128 {
  const tail = erfc(f64x2.mul(f64x2.abs(x), f64x2.splat(0.7071067811865476)));
  const other = f64x2.sub(f64x2.splat(2), tail);
  const factor = v128.bitselect(tail, other, f64x2.lt(x, zero()));
  return f64x2.mul(f64x2.mul(x, f64x2.splat(0.5)), factor);
}

/** 2 · √(2/π) · (x + 0.044715 x³). */
@inline
function doubledTanhArgument(x: v128): v128 {
  const cubic = madd<f64>(f64x2.mul(x, x), f64x2.splat(0.044715), f64x2.splat(1));
  return f64x2.mul(f64x2.mul(x, cubic), f64x2.splat(1.5957691216057308));
}
