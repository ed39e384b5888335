// One token times rows of codes of a lattice, which are not written out: Σ x (w + 1/2 + t) is
//
//   Σ x w + 1/2 Σ x + Σ over blocks of t Σ x
//
// see lattice_codewords.ts. The first is a sum of integers, of the token in two halves, and exact; the last
// is a product with the sums of blocks, whose signs are bits of the codes.

import { PATTERN_BYTES, RESIDUAL_BYTES, SIGN_BYTES } from "../../codebook/lattice_layout";
import { blocks, doublesAt, scaleOf, wholes, wholesAt } from "./lattice_codewords";
import { number, word } from "./memory";
import { spare } from "./panels";
import { madd, sumLanes, zero } from "./simd";
import { blockSums, tokenEnd, tokenHalfSum, tokenUnit } from "./split_token";

/** Rows that are multiplied at once. */
export const LATTICE_ROWS: usize = 4;

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
    let total = load<f32>(sums + 4 * i) + tokenHalfSum() + dotShifts(codes + i * apart);
    if (bits == 3) total += factor * load<f32>(rest + 4 * i);
    if (bits == 4) {
      total += factor * (load<f32>(rest + 4 * i) + tokenHalfSum() + dotShifts(seconds + i * apart));
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
  storeSums(sums, tokenUnit(), a0, b0, a1, b1, a2, b2, a3, b3);
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
  storeSums(sums, 0.5 * tokenUnit(), a0, b0, a1, b1, a2, b2, a3, b3);
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
  let sums = blockSums();
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
