// The codewords of a lattice, restored from their codes.
//
// A codeword is v + t for a shift t = ± 1/4 of all eight, and v_i is half of an odd number, w_i + 1/2. The
// w of a pattern are looked up, and their bits flipped by a mask of the signs: −(w + 1/2) = ~w + 1/2.
//
// Of the parameters of a product with such codes, 0 to 2 are codes, scales and tables, 3 to 6 x, tokens,
// rows and cols, 7 the bits, 8 whether there is a scale for each row, 10 rowBytes, 11 out; number 0 is the
// factor of residuals.

import { PATTERN_BYTES, RESIDUAL_BYTES, SIGN_BYTES } from "../../codebook/lattice_layout";
import { divideUp, number, word } from "./memory";
import { madd, zero } from "./simd";

/** Codes of a row. */
@inline
export function blocks(): usize {
  return divideUp(word(6), 8);
}

/** The scale of a row; there may be one for all. */
@inline
export function scaleOf(row: usize): f32 {
  return load<f32>(word(1) + (word(8) ? row * 4 : 0));
}

/** ± 1/4: bit 7 of a code is the sign. */
@inline
function shiftOf(code: u32): f32 {
  return reinterpret<f32>(0x3e800000 | (code & 128) << 24);
}

/** The w of a codeword, eight integers of 16 bits; bits 3 on of the numbers are its two bytes. */
@inline
export function wholes(patterns: usize, signs: usize, pattern: u32, sign: u32): v128 {
  return v128.xor(
    v128.load_ext<i8>(patterns + (pattern & 0x7f8)),
    v128.load_ext<i8>(signs + (sign & 0x7f8)),
  );
}

/** The same of a single code. */
@inline
export function wholesAt(code: usize, patterns: usize, signs: usize): v128 {
  const number = <u32> load<u16>(code);
  return wholes(patterns, signs, number >> 5, number << 3);
}

/** 2 r of the codeword of residuals whose code is at an address. */
@inline
export function doublesAt(code: usize, residuals: usize): v128 {
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
