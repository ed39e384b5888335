// One row of codes of a lattice: restored, or multiplied with one token without being written out.
//
// A codeword is ± |v| + t for a shift t = ± 1/4 of all eight. Its |v| are looked up by the pattern, its
// signs as masks to flip them by; the shift is left out of the sums, as Σ t Σ x over the blocks is a
// product with the sums of the blocks of x.
//
// Codes, scales, tables, x, tokens, rows, cols, bits, whether there is a scale for each row, -, rowBytes,
// out; the residual factor.

import { PATTERN_FLOATS, RESIDUAL_FLOATS, SIGN_MASKS } from "../../codebook/lattice_layout";
import { divideUp, number, run, word } from "./memory";
import { spare } from "./panels";
import { madd, sumLanes, zero } from "./simd";

/** The most columns for which a thread has room for the sums of a token, and for its last block. */
export const MOST_LATTICE_COLS: usize = 65536;

/** The operation that this thread has prepared the token of. */
let prepared: u32 = 0;

@inline
function blocks(): usize {
  return divideUp(word(6), 8);
}

@inline
function scaleOf(row: usize): f32 {
  return load<f32>(word(1) + (word(8) ? row * 4 : 0));
}

/** Where the second halves of a pattern's entries are, and the first. */
@inline
function patternAt(code: u32): usize {
  return word(2) + PATTERN_FLOATS * 4 + <usize> (code >> 8 << 5);
}

@inline
function signsAt(code: u32): usize {
  return word(2) + SIGN_MASKS * 4 + <usize> ((code & 127) << 5);
}

/** ± 1/4: bit 7 of a code is the sign. */
@inline
function shiftOf(code: u32): f32 {
  return reinterpret<f32>(0x3e800000 | (code & 128) << 24);
}

/** Writes `count` weights of one row, rounded up to eights, from a column that is a multiple of 8 on. */
export function restoreLattice(row: usize, first: usize, count: usize, target: usize): void {
  const bits = word(7);
  const codes = word(0) + row * word(10);
  const seconds = codes + 2 * blocks();
  const scale = f32x4.splat(scaleOf(row));
  const factor = f32x4.splat(<f32> number(0));
  const end = divideUp(first + count, 8);
  for (let block = first / 8; block < end; block++, target += 32) {
    const code = <u32> load<u16>(codes + 2 * block);
    const shift = f32x4.splat(shiftOf(code));
    let a = f32x4.add(v128.xor(v128.load(patternAt(code)), v128.load(signsAt(code))), shift);
    let b = f32x4.add(v128.xor(v128.load(patternAt(code), 16), v128.load(signsAt(code), 16)), shift);
    if (bits == 3) {
      const residual = word(2) + RESIDUAL_FLOATS * 4 + (<usize> load<u8>(seconds + block) << 5);
      a = madd<f32>(v128.load(residual), factor, a);
      b = madd<f32>(v128.load(residual, 16), factor, b);
    } else if (bits == 4) {
      const other = <u32> load<u16>(seconds + 2 * block);
      const t = f32x4.splat(shiftOf(other));
      const c = v128.xor(v128.load(patternAt(other)), v128.load(signsAt(other)));
      const d = v128.xor(v128.load(patternAt(other), 16), v128.load(signsAt(other), 16));
      a = madd<f32>(f32x4.add(c, t), factor, a);
      b = madd<f32>(f32x4.add(d, t), factor, b);
    }
    v128.store(target, f32x4.mul(a, scale));
    v128.store(target, f32x4.mul(b, scale), 16);
  }
}

/** Writes the token with zeros behind it, and a quarter of the sum of each block, once per thread. */
export function prepareToken(): void {
  if (prepared == run()) return;
  prepared = run();
  const x = spare();
  const cols = word(6);
  const last = (cols & ~7) * 4;
  const count = blocks();
  memory.copy(x, word(3), cols * 4);
  if (cols % 8 != 0) memory.fill(x + cols * 4, 0, last + 32 - cols * 4);
  const sums = x + count * 32;
  for (let block: usize = 0; block < count; block++) {
    const eight = f32x4.add(v128.load(x + 32 * block), v128.load(x + 32 * block, 16));
    store<f32>(sums + 4 * block, sumLanes<f32>(eight) * 0.25);
  }
  // Eight codes are shifted at a time.
  memory.fill(sums + 4 * count, 0, 32);
}

/** The product of the prepared token with one row. */
export function dotLattice(row: usize): f32 {
  const bits = word(7);
  const codes = word(0) + row * word(10);
  const count = blocks();
  const factor = <f32> number(0);
  let total = dotE8p(codes, count);
  if (bits == 3) total += factor * dotResiduals(codes + 2 * count, count);
  if (bits == 4) total += factor * dotE8p(codes + 2 * count, count);
  return scaleOf(row) * total;
}

function dotE8p(codes: usize, count: usize): f32 {
  const patterns = word(2) + PATTERN_FLOATS * 4;
  const signs = word(2) + SIGN_MASKS * 4;
  let x = spare();
  let a = zero(), b = zero(), c = zero(), d = zero();
  const shifted = dotShifts(codes, count);
  let left = count;
  for (; left >= 2; left -= 2, x += 64, codes += 4) {
    const pair = load<u32>(codes);
    const p = patterns + (pair >> 3 & 0x1fe0), s = signs + (pair << 5 & 0xfe0);
    const q = patterns + (pair >> 19 & 0x1fe0), t = signs + (pair >> 11 & 0xfe0);
    a = madd<f32>(v128.load(x), v128.xor(v128.load(p), v128.load(s)), a);
    b = madd<f32>(v128.load(x, 16), v128.xor(v128.load(p, 16), v128.load(s, 16)), b);
    c = madd<f32>(v128.load(x, 32), v128.xor(v128.load(q), v128.load(t)), c);
    d = madd<f32>(v128.load(x, 48), v128.xor(v128.load(q, 16), v128.load(t, 16)), d);
  }
  if (left > 0) {
    const code = <u32> load<u16>(codes);
    const p = patternAt(code), s = signsAt(code);
    a = madd<f32>(v128.load(x), v128.xor(v128.load(p), v128.load(s)), a);
    b = madd<f32>(v128.load(x, 16), v128.xor(v128.load(p, 16), v128.load(s, 16)), b);
  }
  return sumLanes<f32>(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))) + shifted;
}

/** Σ ± a quarter of the sum of each block of the token, by bit 7 of the codes. */
function dotShifts(codes: usize, count: usize): f32 {
  const sign = i32x4.splat(0x80000000);
  let sums = spare() + count * 32;
  let a = zero(), b = zero();
  let left = count;
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

function dotResiduals(codes: usize, count: usize): f32 {
  const table = word(2) + RESIDUAL_FLOATS * 4;
  let x = spare();
  let a = zero(), b = zero(), c = zero(), d = zero();
  let left = count;
  for (; left >= 2; left -= 2, x += 64, codes += 2) {
    const r = table + (<usize> load<u8>(codes) << 5);
    const s = table + (<usize> load<u8>(codes, 1) << 5);
    a = madd<f32>(v128.load(x), v128.load(r), a);
    b = madd<f32>(v128.load(x, 16), v128.load(r, 16), b);
    c = madd<f32>(v128.load(x, 32), v128.load(s), c);
    d = madd<f32>(v128.load(x, 48), v128.load(s, 16), d);
  }
  if (left > 0) {
    const r = table + (<usize> load<u8>(codes) << 5);
    a = madd<f32>(v128.load(x), v128.load(r), a);
    b = madd<f32>(v128.load(x, 16), v128.load(r, 16), b);
  }
  return sumLanes<f32>(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}
