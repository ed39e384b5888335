// exp of four f32 or of two f64, and erfc of two f64.

import { madd } from "./simd";

/** 1.5 · 2^52: added to a number it leaves the nearest integer in the lowest bits. */
const ROUNDER: f64 = 6755399441055744.0;
const LOG2_E: f64 = 1.4426950408889634;
/** ln 2 in 32 bits, so that a multiple of it is exact, and the rest. */
const LN2_HIGH: f64 = 0.6931471806019545;
const LN2_LOW: f64 = -4.2009150726810846e-11;

// The vectors of constants of expNegative are variables: a constant is made anew wherever it is used,
// by way of a general register, and all of them together take longer than the polynomial does.

/** ln 2^-126: where 2^n is still a normal number. */
let least: v128 = i32x4.splat(0);
let log2OfE: v128 = i32x4.splat(0);
/** 1.5 · 2^23. */
let rounder: v128 = i32x4.splat(0);
/** ln 2 in fifteen bits, so that a multiple of it is exact, and the rest, both negative. */
let ln2High: v128 = i32x4.splat(0);
let ln2Low: v128 = i32x4.splat(0);
let c7: v128 = i32x4.splat(0);
let c6: v128 = i32x4.splat(0);
let c5: v128 = i32x4.splat(0);
let c4: v128 = i32x4.splat(0);
let c3: v128 = i32x4.splat(0);
let half: v128 = i32x4.splat(0);
let one: v128 = i32x4.splat(0);
/** Of the exponent of an f32. */
let bias: v128 = i32x4.splat(0);

/** Must be called before any exponential of this instance. */
export function setConstants(): void {
  least = f32x4.splat(-87.33654);
  log2OfE = f32x4.splat(1.4426950408889634);
  rounder = f32x4.splat(12582912);
  ln2High = f32x4.splat(-0.693145751953125);
  ln2Low = f32x4.splat(-1.4286068e-6);
  c7 = f32x4.splat(1.984127e-4);
  c6 = f32x4.splat(1.3888889e-3);
  c5 = f32x4.splat(8.333334e-3);
  c4 = f32x4.splat(4.1666668e-2);
  c3 = f32x4.splat(0.16666667);
  half = f32x4.splat(0.5);
  one = f32x4.splat(1);
  bias = i32x4.splat(127);
}

@inline
function step(sum: v128, x: v128, coefficient: f64): v128 {
  return madd<f64>(sum, x, f64x2.splat(coefficient));
}

/**
 * exp x = 2^n · exp r with n the integer nearest to x / ln 2, and exp r by its Taylor polynomial of
 * degree 13, whose remainder at |r| = ln 2 / 2 is below 2^-57. NaN stays NaN; 2^n is applied in two
 * halves, so that results become infinite, subnormal and zero where they should.
 */
export function exp(x: v128): v128 {
  x = f64x2.pmax(f64x2.pmin(x, f64x2.splat(710)), f64x2.splat(-746));
  const rounder = f64x2.splat(ROUNDER);
  const shifted = madd<f64>(x, f64x2.splat(LOG2_E), rounder);
  const n = f64x2.sub(shifted, rounder);
  const r = madd<f64>(
    n,
    f64x2.splat(-LN2_LOW),
    madd<f64>(n, f64x2.splat(-LN2_HIGH), x),
  );
  let sum = f64x2.splat(1.6059043836821613e-10);
  sum = step(sum, r, 2.08767569878681e-9);
  sum = step(sum, r, 2.505210838544172e-8);
  sum = step(sum, r, 2.755731922398589e-7);
  sum = step(sum, r, 2.7557319223985893e-6);
  sum = step(sum, r, 2.48015873015873e-5);
  sum = step(sum, r, 1.984126984126984e-4);
  sum = step(sum, r, 1.388888888888889e-3);
  sum = step(sum, r, 8.333333333333333e-3);
  sum = step(sum, r, 4.1666666666666664e-2);
  sum = step(sum, r, 0.16666666666666666);
  sum = step(sum, r, 0.5);
  sum = step(sum, r, 1);
  sum = step(sum, r, 1);
  const power = i64x2.sub(shifted, rounder);
  const part = i64x2.shr_s(power, 1);
  return f64x2.mul(f64x2.mul(sum, powerOfTwo(part)), powerOfTwo(i64x2.sub(power, part)));
}

/**
 * exp x of four f32 for x ≤ 0, to two units in the last place, in the same way: the Taylor
 * polynomial of degree 7 leaves a remainder below 2^-27. What is below 2^-126 is zero.
 */
@inline
export function expNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, least);
  const shifted = madd<f32>(bounded, log2OfE, rounder);
  const n = f32x4.sub(shifted, rounder);
  const r = madd<f32>(n, ln2Low, madd<f32>(n, ln2High, bounded));
  // In pairs, as one term after the other would take twice as long.
  const square = f32x4.mul(r, r);
  const upper = madd<f32>(madd<f32>(c7, r, c6), square, madd<f32>(c5, r, c4));
  const lower = madd<f32>(madd<f32>(c3, r, half), square, f32x4.add(r, one));
  const sum = madd<f32>(upper, f32x4.mul(square, square), lower);
  // The lowest bits of what was shifted are n.
  const power = i32x4.shl(i32x4.add(shifted, bias), 23);
  return v128.andnot(f32x4.mul(sum, power), f32x4.lt(x, least));
}

@inline
function powerOfTwo(n: v128): v128 {
  return i64x2.shl(i64x2.add(n, i64x2.splat(1023)), 52);
}

/**
 * erfc z for z ≥ 0, to 2e-15 of its value and the error of exp: t · h(2t − 1) · exp(−z²) with
 * t = 1 / (1 + 3z/8), where h is smooth from 0 to infinity; its Chebyshev series by Clenshaw's
 * recurrence.
 */
export function erfc(z: v128): v128 {
  const one = f64x2.splat(1);
  const t = f64x2.div(one, madd<f64>(z, f64x2.splat(0.375), one));
  const y = f64x2.sub(f64x2.mul(t, f64x2.splat(4)), f64x2.splat(2));
  let a = f64x2.splat(-2.0979314036300905e-15);
  let b = step(a, y, 7.758143172316173e-15);
  a = clenshaw(b, a, y, 2.144545164504183e-14);
  b = clenshaw(a, b, y, -1.9325926957811415e-13);
  a = clenshaw(b, a, y, -3.7453750344863584e-14);
  b = clenshaw(a, b, y, 3.988098566273628e-12);
  a = clenshaw(b, a, y, -5.8264182840653465e-12);
  b = clenshaw(a, b, y, -7.842555505571809e-11);
  a = clenshaw(b, a, y, 2.287512164502906e-10);
  b = clenshaw(a, b, y, 1.6395344916196775e-9);
  a = clenshaw(b, a, y, -6.760458999379501e-9);
  b = clenshaw(a, b, y, -4.1160708800248545e-8);
  a = clenshaw(b, a, y, 1.8110593581977986e-7);
  b = clenshaw(a, b, y, 1.3577620666722898e-6);
  a = clenshaw(b, a, y, -3.8731991888133935e-6);
  b = clenshaw(a, b, y, -5.670092510195193e-5);
  a = clenshaw(b, a, y, -5.105756611876495e-5);
  b = clenshaw(a, b, y, 2.2381685632983945e-3);
  a = clenshaw(b, a, y, 2.029108490543018e-2);
  b = clenshaw(a, b, y, 0.10387688462816623);
  a = clenshaw(b, a, y, 0.37397812437628947);
  const h = clenshaw(a, b, f64x2.mul(y, f64x2.splat(0.5)), 0.4997258764825724);
  const gaussian = exp(f64x2.neg(f64x2.mul(z, z)));
  return f64x2.mul(f64x2.mul(t, h), gaussian);
}

/** The next term of the recurrence: y · a − b + coefficient. */
@inline
function clenshaw(a: v128, b: v128, y: v128, coefficient: f64): v128 {
  return madd<f64>(a, y, f64x2.sub(f64x2.splat(coefficient), b));
}
