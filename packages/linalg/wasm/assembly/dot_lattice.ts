// One row of codes of a lattice: restored, or multiplied with one token without being written out.
//
// A codeword is v + t for a shift t = ± 1/4 of all eight, and v_i is half of an odd number, w_i + 1/2. The
// w of a pattern are looked up, and their bits flipped by a mask of the signs: −(w + 1/2) = ~w + 1/2. So
//
//   Σ x (v + t) = Σ x w + 1/2 Σ x + Σ over blocks of t Σ x
//
// The first is a sum of integers once x is a multiple of a power of two, in 30 bits for the largest,
// which are two halves of 15 bits: |x| errs by 2^-29 max |x| at most, for sums that are exact. The last is
// a product with the sums of blocks, whose signs are bits of the codes.

import { PATTERN_BYTES, RESIDUAL_BYTES, SIGN_BYTES } from "../../codebook/lattice_layout";
import { divideUp, number, run, word } from "./memory";
import { spare } from "./panels";
import { madd, sumLanes, zero } from "./simd";

/** Rows that are multiplied at once. */
export const LATTICE_ROWS: usize = 4;

/** The most columns for which a thread has room for the token, and sums of integers fit 32 bits. */
export const MOST_LATTICE_COLS: usize = 65536;

/** The operation that this thread has prepared the token of. */
let prepared: u32 = 0;
/** What the halves of the token are to be multiplied with; 0 if it is not finite. */
let unit: f64 = 0;
/** Half the sum of the token. */
let halfSum: f32 = 0;

@inline
function blocks(): usize {
  return divideUp(word(6), 8);
}

/** What is behind the token and the sums of its blocks. */
@inline
function tokenEnd(): usize {
  return spare() + blocks() * 36;
}

@inline
function scaleOf(row: usize): f32 {
  return load<f32>(word(1) + (word(8) ? row * 4 : 0));
}

/** ± 1/4: bit 7 of a code is the sign. */
@inline
function shiftOf(code: u32): f32 {
  return reinterpret<f32>(0x3e800000 | (code & 128) << 24);
}

/** The w of a codeword, eight integers of 16 bits; bits 3 on of the numbers are its two bytes. */
@inline
function wholes(patterns: usize, signs: usize, pattern: u32, sign: u32): v128 {
  return v128.xor(
    v128.load_ext<i8>(patterns + (pattern & 0x7f8)),
    v128.load_ext<i8>(signs + (sign & 0x7f8)),
  );
}

/** The same of a single code. */
@inline
function wholesAt(code: usize, patterns: usize, signs: usize): v128 {
  const number = <u32> load<u16>(code);
  return wholes(patterns, signs, number >> 5, number << 3);
}

/** 2 r of the codeword of residuals whose code is at an address. */
@inline
function doublesAt(code: usize, residuals: usize): v128 {
  return v128.load_ext<i8>(residuals + (<usize> load<u8>(code) << 3));
}

@inline
function lowFloats(halves: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(halves));
}

@inline
function highFloats(halves: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(halves));
}

/** Writes `count` weights of one row, rounded up to eights, from a column that is a multiple of 8 on. */
export function restoreLattice(row: usize, first: usize, count: usize, target: usize): void {
  const bits = word(7);
  const patterns = word(2) + PATTERN_BYTES * 4;
  const signs = word(2) + SIGN_BYTES * 4;
  const residuals = word(2) + RESIDUAL_BYTES * 4;
  const scale = f32x4.splat(scaleOf(row));
  const factor = <f32> number(0);
  const factors = f32x4.splat(bits == 3 ? <f32> 0.5 * factor : factor);
  const end = divideUp(first + count, 8);
  let code = word(0) + row * word(10) + first / 4;
  let second = code - first / 4 + 2 * blocks() + first / 8 * (bits - 2);
  for (let block = first / 8; block < end; block++, target += 32, code += 2, second += bits - 2) {
    const whole = wholesAt(code, patterns, signs);
    let shift = shiftOf(load<u8>(code)) + <f32> 0.5;
    let rest = zero();
    if (bits == 3) rest = doublesAt(second, residuals);
    if (bits == 4) {
      rest = wholesAt(second, patterns, signs);
      shift += factor * (shiftOf(load<u8>(second)) + <f32> 0.5);
    }
    const shifts = f32x4.splat(shift);
    let low = f32x4.add(lowFloats(whole), shifts);
    let high = f32x4.add(highFloats(whole), shifts);
    if (bits > 2) {
      low = madd<f32>(lowFloats(rest), factors, low);
      high = madd<f32>(highFloats(rest), factors, high);
    }
    v128.store(target, f32x4.mul(low, scale));
    v128.store(target, f32x4.mul(high, scale), 16);
  }
}

/**
 * Writes the token as halves of integers, and a quarter of the sum of each block, once per thread.
 *
 * @returns Whether the token is finite.
 */
export function prepareToken(): bool {
  if (prepared == run()) return unit != 0;
  prepared = run();
  const x = word(3);
  const cols = word(6);
  let largest: f32 = 0;
  let sum: f64 = 0;
  for (let at = x; at < x + cols * 4; at += 4) {
    const size = abs<f32>(load<f32>(at));
    // So that NaN becomes the largest, too.
    if (!(size <= largest)) largest = size;
    sum += <f64> load<f32>(at);
  }
  unit = 0;
  if (!isFinite<f32>(largest)) return false;
  halfSum = <f32> (0.5 * sum);
  // A power of two, of which there are fewer than 2^29 to the largest.
  const exponent = reinterpret<u32>(largest) >> 23;
  const units = reinterpret<f32>(min<u32>(254, 282 - exponent) << 23);
  unit = 1 / <f64> units;
  const count = blocks();
  const sums = spare() + count * 32;
  const factor = f32x4.splat(units);
  const low = i32x4.splat(0x7fff);
  for (let block: usize = 0; block < count; block++) {
    const left = cols - 8 * block;
    let from = x + 32 * block;
    const target = spare() + 32 * block;
    if (left < 8) {
      memory.fill(target, 0, 32);
      memory.copy(target, from, left * 4);
      from = target;
    }
    const a = v128.load(from), b = v128.load(from, 16);
    store<f32>(sums + 4 * block, sumLanes<f32>(f32x4.add(a, b)) * 0.25);
    const c = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(a, factor)));
    const d = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(b, factor)));
    v128.store(target, i16x8.narrow_i32x4_s(i32x4.shr_s(c, 15), i32x4.shr_s(d, 15)));
    v128.store(target, i16x8.narrow_i32x4_s(v128.and(c, low), v128.and(d, low)), 16);
  }
  return true;
}

/** Writes the products of the prepared token with four rows from `row` on, some beyond the last. */
export function dotLattice(row: usize, last: usize, out: usize): void {
  const bits = word(7);
  const factor = <f32> number(0);
  const sums = tokenEnd();
  const rest = sums + 16;
  const codes = word(0) + row * word(10);
  const seconds = codes + 2 * blocks();
  const apart = word(10);
  // The last one again where there are fewer.
  const most = last - row;
  const r1 = min<usize>(1, most) * apart, r2 = min<usize>(2, most) * apart;
  const r3 = min<usize>(3, most) * apart;
  dotWholes(codes, r1, r2, r3, sums);
  if (bits == 3) dotDoubles(seconds, r1, r2, r3, rest);
  if (bits == 4) dotWholes(seconds, r1, r2, r3, rest);
  for (let i: usize = 0; i <= min<usize>(3, most); i++) {
    let total = load<f32>(sums + 4 * i) + halfSum + dotShifts(codes + i * apart);
    if (bits == 3) total += factor * load<f32>(rest + 4 * i);
    if (bits == 4) {
      total += factor * (load<f32>(rest + 4 * i) + halfSum + dotShifts(seconds + i * apart));
    }
    store<f32>(out + (row + i) * 4, scaleOf(row + i) * total);
  }
}

/** Writes Σ x w of four rows, whose codes are so many bytes behind the first. */
function dotWholes(codes: usize, r1: usize, r2: usize, r3: usize, sums: usize): void {
  const patterns = word(2) + PATTERN_BYTES * 4;
  const signs = word(2) + SIGN_BYTES * 4;
  let x = spare();
  let c1 = codes + r1, c2 = codes + r2, c3 = codes + r3;
  let a0 = zero(), a1 = zero(), a2 = zero(), a3 = zero();
  let b0 = zero(), b1 = zero(), b2 = zero(), b3 = zero();
  let u = zero(), v = zero(), w = zero();
  let code: u32 = 0;
  let left = blocks();
  for (; left >= 2; left -= 2) {
    u = v128.load(x);
    v = v128.load(x, 16);
    code = load<u32>(codes);
    w = wholes(patterns, signs, code >> 5, code << 3);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, u));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, v));
    const second = load<u32>(c1);
    w = wholes(patterns, signs, second >> 5, second << 3);
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, u));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, v));
    const third = load<u32>(c2);
    w = wholes(patterns, signs, third >> 5, third << 3);
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w, u));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w, v));
    const fourth = load<u32>(c3);
    w = wholes(patterns, signs, fourth >> 5, fourth << 3);
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w, u));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w, v));
    u = v128.load(x, 32);
    v = v128.load(x, 48);
    w = wholes(patterns, signs, code >> 21, code >> 13);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, u));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, v));
    w = wholes(patterns, signs, second >> 21, second >> 13);
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, u));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, v));
    w = wholes(patterns, signs, third >> 21, third >> 13);
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w, u));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w, v));
    w = wholes(patterns, signs, fourth >> 21, fourth >> 13);
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w, u));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w, v));
    x += 64;
    codes += 4;
    c1 += 4;
    c2 += 4;
    c3 += 4;
  }
  if (left > 0) {
    u = v128.load(x);
    v = v128.load(x, 16);
    w = wholesAt(codes, patterns, signs);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, u));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, v));
    w = wholesAt(c1, patterns, signs);
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, u));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, v));
    w = wholesAt(c2, patterns, signs);
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w, u));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w, v));
    w = wholesAt(c3, patterns, signs);
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w, u));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w, v));
  }
  storeSums(sums, unit, a0, b0, a1, b1, a2, b2, a3, b3);
}

/** Writes Σ x r of four rows, whose codes are so many bytes behind the first. */
function dotDoubles(codes: usize, r1: usize, r2: usize, r3: usize, sums: usize): void {
  const residuals = word(2) + RESIDUAL_BYTES * 4;
  let x = spare();
  let c1 = codes + r1, c2 = codes + r2, c3 = codes + r3;
  let a0 = zero(), a1 = zero(), a2 = zero(), a3 = zero();
  let b0 = zero(), b1 = zero(), b2 = zero(), b3 = zero();
  let u = zero(), v = zero(), w = zero();
  for (let left = blocks(); left > 0; left--) {
    u = v128.load(x);
    v = v128.load(x, 16);
    w = doublesAt(codes, residuals);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, u));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, v));
    w = doublesAt(c1, residuals);
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, u));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, v));
    w = doublesAt(c2, residuals);
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w, u));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w, v));
    w = doublesAt(c3, residuals);
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w, u));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w, v));
    x += 32;
    codes++;
    c1++;
    c2++;
    c3++;
  }
  storeSums(sums, 0.5 * unit, a0, b0, a1, b1, a2, b2, a3, b3);
}

/** Writes four sums, given by those with the upper and the lower halves of the token. */
@inline
function storeSums(
  sums: usize,
  factor: f64,
  a0: v128,
  b0: v128,
  a1: v128,
  b1: v128,
  a2: v128,
  b2: v128,
  a3: v128,
  b3: v128,
): void {
  store<f32>(sums, <f32> (joined(a0, b0) * factor));
  store<f32>(sums, <f32> (joined(a1, b1) * factor), 4);
  store<f32>(sums, <f32> (joined(a2, b2) * factor), 8);
  store<f32>(sums, <f32> (joined(a3, b3) * factor), 12);
}

/** What sums with the upper and the lower halves of a token make together. */
@inline
function joined(upper: v128, lower: v128): f64 {
  const ratio = f64x2.splat(32768);
  const low = madd<f64>(f64x2.convert_low_i32x4_s(upper), ratio, f64x2.convert_low_i32x4_s(lower));
  const u = i64x2.shuffle(upper, upper, 1, 0), l = i64x2.shuffle(lower, lower, 1, 0);
  const high = madd<f64>(f64x2.convert_low_i32x4_s(u), ratio, f64x2.convert_low_i32x4_s(l));
  return sumLanes<f64>(f64x2.add(low, high));
}

/** Σ ± a quarter of the sum of each block of the token, by bit 7 of the codes. */
function dotShifts(codes: usize): f32 {
  const sign = i32x4.splat(0x80000000);
  let left = blocks();
  let sums = spare() + left * 32;
  let a = zero(), b = zero();
  for (; left >= 8; left -= 8, sums += 32, codes += 16) {
    const eight = v128.load(codes);
    const low = v128.and(i32x4.shl(i32x4.extend_low_i16x8_u(eight), 24), sign);
    const high = v128.and(i32x4.shl(i32x4.extend_high_i16x8_u(eight), 24), sign);
    a = f32x4.add(a, v128.xor(v128.load(sums), low));
    b = f32x4.add(b, v128.xor(v128.load(sums, 16), high));
  }
  let rest: f32 = 0;
  for (; left > 0; left--, sums += 4, codes += 2) {
    const sum = load<f32>(sums);
    rest += (load<u8>(codes) & 128) != 0 ? -sum : sum;
  }
  return sumLanes<f32>(f32x4.add(a, b)) + rest;
}
