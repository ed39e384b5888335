// Activation functions and their slopes, of a vector.
//
//   σ(y) = 1 / (1 + e^−y): with e = exp(−|y|), which cannot overflow, and q = 1 / (1 + e) it is q for
//   y ≥ 0 and e·q below, and σ'(y) = e·q²
//   SiLU          x · σ(x)                 slope  σ(x) + x · σ'(x)
//   GELU          x · Φ(x)                        Φ(x) + x · φ(x)
//   GELU by tanh  x/2 · (1 + tanh(y/2)) = x · σ(y)   σ(y) + x · σ'(y) · y',  y = 2√(2/π)(x + 0.044715 x³)
//   ReLU          max(x, 0)                       1 for x > 0, otherwise 0
//
// with Φ(x) = erfc(−x/√2) / 2 and φ(x) = exp(−x²/2) / √(2π). Both kinds of GELU are computed in f64.

import { erfc, exp, expNegative } from "./exponential";
import { highDoubles, joinDoubles, lowDoubles, madd, zero } from "./simd";

export const SILU: usize = 0;
const GELU: usize = 1;
const RELU: usize = 3;

/** 2√(2/π). */
const TWICE_ROOT: f64 = 1.5957691216057308;

/** The function's values. */
@inline
export function activation<T>(x: v128, kind: usize): v128 {
  if (kind == SILU) {
    const e = decay<T>(x);
    return silu<T>(x, e, upperShare<T>(e));
  }
  if (kind == RELU) return v128.max<T>(x, zero());
  if (sizeof<T>() == 8) return geluPair(x, kind);
  return joinDoubles(geluPair(lowDoubles(x), kind), geluPair(highDoubles(x), kind));
}

/** The function's slopes. */
@inline
export function activationSlope<T>(x: v128, kind: usize): v128 {
  if (kind == SILU) {
    const e = decay<T>(x);
    return siluSlope<T>(x, e, upperShare<T>(e));
  }
  if (kind == RELU) {
    return v128.and(v128.gt<T>(x, zero()), v128.splat<T>(<T> 1));
  }
  if (sizeof<T>() == 8) return geluSlopePair(x, kind);
  return joinDoubles(geluSlopePair(lowDoubles(x), kind), geluSlopePair(highDoubles(x), kind));
}

/** e = exp(−|x|). */
@inline
export function decay<T>(x: v128): v128 {
  const y = v128.neg<T>(v128.abs<T>(x));
  return sizeof<T>() == 8 ? exp(y) : expNegative(y);
}

/** q = 1 / (1 + e). */
@inline
export function upperShare<T>(e: v128): v128 {
  const one = v128.splat<T>(<T> 1);
  return v128.div<T>(one, v128.add<T>(one, e));
}

/** x · σ(x). */
@inline
export function silu<T>(x: v128, e: v128, q: v128): v128 {
  return v128.mul<T>(x, sigmoid<T>(x, e, q));
}

/** σ(x) + x · σ'(x). */
@inline
export function siluSlope<T>(x: v128, e: v128, q: v128): v128 {
  return madd<T>(v128.mul<T>(x, e), v128.mul<T>(q, q), sigmoid<T>(x, e, q));
}

/** σ(y) of the e and q that belong to y. */
@inline
function sigmoid<T>(y: v128, e: v128, q: v128): v128 {
  return v128.bitselect(v128.mul<T>(e, q), q, v128.lt<T>(y, zero()));
}

function geluPair(x: v128, kind: usize): v128 {
  if (kind == GELU) return f64x2.mul(x, normalShare(x));
  const y = doubledTanhArgument(x);
  const e = decay<f64>(y);
  return f64x2.mul(x, sigmoid<f64>(y, e, upperShare<f64>(e)));
}

function geluSlopePair(x: v128, kind: usize): v128 {
  const square = f64x2.mul(x, x);
  if (kind == GELU) {
    // 1 / √(2π) = 0.39894…
    const density = exp(f64x2.mul(square, f64x2.splat(-0.5)));
    return madd<f64>(f64x2.mul(x, f64x2.splat(0.3989422804014327)), density, normalShare(x));
  }
  const y = doubledTanhArgument(x);
  const e = decay<f64>(y);
  const q = upperShare<f64>(e);
  // y' = 2√(2/π) · (1 + 3 · 0.044715 x²).
  const slope = madd<f64>(square, f64x2.splat(0.21406444881780076), f64x2.splat(TWICE_ROOT));
  return madd<f64>(f64x2.mul(f64x2.mul(x, e), f64x2.mul(q, q)), slope, sigmoid<f64>(y, e, q));
}

/** Φ(x). */
@inline
function normalShare(x: v128): v128 {
  const tail = erfc(f64x2.mul(f64x2.abs(x), f64x2.splat(0.7071067811865476)));
  const other = f64x2.sub(f64x2.splat(2), tail);
  return f64x2.mul(v128.bitselect(tail, other, f64x2.lt(x, zero())), f64x2.splat(0.5));
}

/** y = 2√(2/π) · (x + 0.044715 x³). */
@inline
function doubledTanhArgument(x: v128): v128 {
  const cubic = madd<f64>(f64x2.mul(x, x), f64x2.splat(0.044715), f64x2.splat(1));
  return f64x2.mul(f64x2.mul(x, cubic), f64x2.splat(TWICE_ROOT));
}
