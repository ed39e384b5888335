// Activation functions and their slopes, of a vector.
//
//   SiLU          x · σ(y), y = x
//   GELU by tanh  x/2 · (1 + tanh(y/2)) = x · σ(y), y = 2√(2/π) · (x + 0.044715 x³)
//   GELU          x · Φ(x), Φ(x) = erfc(−x/√2) / 2, in f64; its slope is Φ(x) + x · exp(−x²/2) / √(2π)
//   ReLU          max(x, 0); its slope is 1 for x > 0, otherwise 0
//
// With e = exp(−|y|), which cannot overflow, and q = 1 / (1 + e), σ(y) = 1 / (1 + e^−y) is q for y ≥ 0
// and e · q below. The slope of x · σ(y) is σ(y) + x · e · q² · y'.

import { erfc, exp } from "./exponential";
import { highDoubles, joinDoubles, lowDoubles, madd, zero } from "./simd";
import { exponential } from "./softmax";

const SILU: usize = 0;
const GELU_TANH: usize = 2;
const RELU: usize = 3;

/** 2√(2/π). */
const TWICE_ROOT: f64 = 1.5957691216057308;

/** The function's values. */
@inline
export function activation<T>(x: v128, kind: usize): v128 {
  if (isSigmoid(kind)) {
    const y = argument<T>(x, kind);
    const e = decay<T>(y);
    return timesSigmoid<T>(x, y, e, upperShare<T>(e));
  }
  if (kind == RELU) return v128.max<T>(x, zero());
  if (sizeof<T>() == 8) return gelu(x);
  return joinDoubles(gelu(lowDoubles(x)), gelu(highDoubles(x)));
}

/** The function's slopes. */
@inline
export function activationSlope<T>(x: v128, kind: usize): v128 {
  if (isSigmoid(kind)) {
    const y = argument<T>(x, kind);
    const e = decay<T>(y);
    return sigmoidSlope<T>(x, y, e, upperShare<T>(e), kind);
  }
  if (kind == RELU) return v128.and(v128.gt<T>(x, zero()), v128.splat<T>(<T> 1));
  if (sizeof<T>() == 8) return geluSlope(x);
  return joinDoubles(geluSlope(lowDoubles(x)), geluSlope(highDoubles(x)));
}

/** Whether the function is x · σ(y). */
@inline
export function isSigmoid(kind: usize): bool {
  return kind == SILU || kind == GELU_TANH;
}

/** y. */
@inline
export function argument<T>(x: v128, kind: usize): v128 {
  if (kind == SILU) return x;
  const cubic = madd<T>(v128.mul<T>(x, x), splat<T>(0.044715), splat<T>(1));
  return v128.mul<T>(v128.mul<T>(x, cubic), splat<T>(TWICE_ROOT));
}

/** e. */
@inline
export function decay<T>(y: v128): v128 {
  return exponential<T>(v128.neg<T>(v128.abs<T>(y)));
}

/** q. */
@inline
export function upperShare<T>(e: v128): v128 {
  return v128.div<T>(splat<T>(1), v128.add<T>(splat<T>(1), e));
}

/** x · σ(y). */
@inline
export function timesSigmoid<T>(x: v128, y: v128, e: v128, q: v128): v128 {
  return v128.mul<T>(x, sigmoid<T>(y, e, q));
}

/** σ(y) + x · e · q² · y'. */
@inline
export function sigmoidSlope<T>(x: v128, y: v128, e: v128, q: v128, kind: usize): v128 {
  let factor = v128.mul<T>(q, q);
  if (kind == GELU_TANH) {
    // y' = 2√(2/π) · (1 + 3 · 0.044715 x²); where e is zero it must not be infinite.
    const square = v128.pmin<T>(v128.mul<T>(x, x), splat<T>(1e4));
    const slope = madd<T>(square, splat<T>(0.21406444881780076), splat<T>(TWICE_ROOT));
    factor = v128.mul<T>(factor, slope);
  }
  return madd<T>(v128.mul<T>(x, e), factor, sigmoid<T>(y, e, q));
}

@inline
function sigmoid<T>(y: v128, e: v128, q: v128): v128 {
  return v128.bitselect(v128.mul<T>(e, q), q, v128.lt<T>(y, zero()));
}

@inline
function splat<T>(value: f64): v128 {
  return v128.splat<T>(<T> value);
}

function gelu(x: v128): v128 {
  return f64x2.mul(x, normalShare(x));
}

function geluSlope(x: v128): v128 {
  const density = exp(f64x2.mul(f64x2.mul(x, x), f64x2.splat(-0.5)));
  // 1 / √(2π) = 0.39894…
  return madd<f64>(f64x2.mul(x, f64x2.splat(0.3989422804014327)), density, normalShare(x));
}

/** Φ(x). */
@inline
function normalShare(x: v128): v128 {
  const tail = erfc(f64x2.mul(f64x2.abs(x), f64x2.splat(0.7071067811865476)));
  const other = f64x2.sub(f64x2.splat(2), tail);
  return f64x2.mul(v128.bitselect(tail, other, f64x2.lt(x, zero())), f64x2.splat(0.5));
}
