// The dot product of one token with one row of codes that stand for levels, which are never written
// out: Σ over groups of scale · Σ x · level.
//
// Sixteen codes a byte each look up the four bytes of their levels in a table each, and two rounds of
// interleaving put the bytes of each level side by side.

import { levelTables, pickBytes, unpackCodes } from "./dequantize";
import { number, word } from "./memory";
import { madd, sumLanes, zero } from "./simd";

/** Codes that are looked up at a time. */
const STEP: usize = 16;

/** Whether there are levels without zero points, and every group is whole steps. */
export function canDotLevels(): bool {
  const size = word(9) ? word(8) : word(6);
  return word(12) != 0 && word(2) == 0 && number(0) == 0 && size % STEP == 0 &&
    word(6) % STEP == 0;
}

/** One row by the token, by what `writeLayout` has written. */
export function dotLevels(row: usize, layout: usize): f32 {
  const cols = word(6);
  const bits = word(7);
  const size = word(9) ? word(8) : cols;
  const tables = levelTables(layout);
  const t0 = v128.load(tables), t1 = v128.load(tables, 16);
  const t2 = v128.load(tables, 32), t3 = v128.load(tables, 48);
  let scales = word(1) + row * word(9) * 4;
  let codes = word(0) + row * word(10);
  let x = word(3);
  let total = zero();
  for (let col: usize = 0; col < cols; scales += 4) {
    const end = min(cols, col + size);
    let a = zero(), b = zero();
    for (; col < end; col += STEP, x += 64, codes += 2 * bits) {
      const sixteen = bits == 4 ? nibbles(codes) : bytesOf(codes, bits, layout);
      const first = pickBytes(t0, sixteen), second = pickBytes(t1, sixteen);
      const third = pickBytes(t2, sixteen), fourth = pickBytes(t3, sixteen);
      const lower = zipLowBytes(first, second), upper = zipLowBytes(third, fourth);
      const lower2 = zipHighBytes(first, second), upper2 = zipHighBytes(third, fourth);
      a = madd<f32>(v128.load(x), zipLowPairs(lower, upper), a);
      b = madd<f32>(v128.load(x, 16), zipHighPairs(lower, upper), b);
      a = madd<f32>(v128.load(x, 32), zipLowPairs(lower2, upper2), a);
      b = madd<f32>(v128.load(x, 48), zipHighPairs(lower2, upper2), b);
    }
    total = madd<f32>(v128.load32_splat(scales), f32x4.add(a, b), total);
  }
  return sumLanes<f32>(total);
}

/** Sixteen codes of four bits, a byte each. */
@inline
function nibbles(codes: usize): v128 {
  const bytes = v128.load_zero<u64>(codes);
  const mask = i8x16.splat(15);
  return zipLowBytes(v128.and(bytes, mask), v128.and(i16x8.shr_u(bytes, 4), mask));
}

/** Sixteen codes of fewer bits, a byte each. */
@inline
function bytesOf(codes: usize, bits: usize, layout: usize): v128 {
  const bytes = v128.load(layout), multipliers = v128.load(layout, 16);
  const shift = 16 - <i32> bits;
  return i8x16.narrow_i16x8_u(
    unpackCodes(codes, bytes, multipliers, shift),
    unpackCodes(codes + bits, bytes, multipliers, shift),
  );
}

@inline
function zipLowBytes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

@inline
function zipHighBytes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

@inline
function zipLowPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

@inline
function zipHighPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
