// Restores weights from integer codes: scale · (code − zero point), or of the level that the code
// stands for.
//
// Eight codes of b bits fill b bytes. Code i begins in byte ⌊i b / 8⌋ at bit i b mod 8 and reaches
// at most into the byte after, so that one swizzle brings the two bytes of each code into a 16-bit
// lane; a multiplication with a power of two moves the code to the top of its lane and throws away
// what is above it, and one shift brings it down.

import {
  highLevels,
  LEVEL_BYTES,
  lowerHalves,
  lowLevels,
  upperHalves,
  writeLevels,
} from "./level_floats";
import { number, word } from "./memory";

/** Where the tables of levels begin. */
const LEVELS: usize = 32;
/** Bytes of what `writeLayout` writes. */
export const LAYOUT_BYTES: usize = LEVELS + LEVEL_BYTES;

/** Writes the byte numbers and the multipliers of codes of `bits` bits, and the tables of levels. */
export function writeLayout(bits: usize, layout: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const byte = i * bits / 8;
    store<u8>(layout + 2 * i, <u8> byte);
    store<u8>(layout + 2 * i + 1, <u8> (byte + 1));
    const multiplier = (<usize> 1) << (16 - bits - i * bits % 8);
    store<u16>(layout + 2 * i, <u16> multiplier, 16);
  }
  writeLevels(levelTables(layout));
}

/** Where `writeLayout` has written the tables of levels. */
@inline
export function levelTables(layout: usize): usize {
  return layout + LEVELS;
}

/** Eight codes as 16-bit integers, by the two vectors of the layout. */
@inline
export function unpackCodes(codes: usize, bytes: v128, multipliers: v128, shift: i32): v128 {
  const pairs = pickBytes(v128.load_zero<u64>(codes), bytes);
  return i16x8.shr_u(i16x8.mul(pairs, multipliers), shift);
}

/** The relaxed instruction does the same for numbers below sixteen, with less checking. */
@inline
export function pickBytes(bytes: v128, numbers: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(bytes, numbers);
  return i8x16.swizzle(bytes, numbers);
}

/** The first four of them; signed integers convert in one instruction, others do not. */
@inline
export function lowFloats(codes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(codes));
}

@inline
export function highFloats(codes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(codes));
}

/** The scale of a group of a row; there may be one for all. */
@inline
export function scaleOf(row: usize, group: usize): f32 {
  return load<f32>(word(1) + (row * word(9) + group) * 4);
}

/** The zero point of a group of a row; there may be one for all. */
@inline
export function zeroPointOf(row: usize, group: usize): f32 {
  const zeroPoints = word(2);
  return zeroPoints ? load<f32>(zeroPoints + (row * word(9) + group) * 4) : <f32> number(0);
}

/**
 * Writes `count` weights of one row, rounded up to eights, as f32.
 *
 * The parameters are those of the dequantizing product.
 *
 * @param first The first column; a multiple of eight.
 */
export function dequantize(
  row: usize,
  first: usize,
  count: usize,
  layout: usize,
  target: usize,
): void {
  const bits = word(7);
  const size = word(8);
  const groups = word(9);
  const shift = 16 - <i32> bits;
  const bytes = v128.load(layout);
  const multipliers = v128.load(layout, 16);
  const tables = word(12) ? levelTables(layout) : 0;
  let codes = word(0) + row * word(10) + first / 8 * bits;
  let groupEnd: usize = groups ? 0 : usize.MAX_VALUE;
  let scale = f32x4.splat(scaleOf(row, 0));
  let zeroPoint = f32x4.splat(zeroPointOf(row, 0));
  const end = first + count;
  for (let col = first; col < end; col += 8, codes += bits, target += 32) {
    const eight = unpackCodes(codes, bytes, multipliers, shift);
    let low: v128, high: v128;
    if (tables) {
      const lower = lowerHalves(eight, tables), upper = upperHalves(eight, tables);
      low = lowLevels(lower, upper);
      high = highLevels(lower, upper);
    } else {
      low = lowFloats(eight);
      high = highFloats(eight);
    }
    if (col >= groupEnd) {
      const group = col / size;
      groupEnd = (group + 1) * size;
      scale = f32x4.splat(scaleOf(row, group));
      zeroPoint = f32x4.splat(zeroPointOf(row, group));
    }
    if (col + 8 <= groupEnd) {
      v128.store(target, f32x4.mul(scale, f32x4.sub(low, zeroPoint)));
      v128.store(target, f32x4.mul(scale, f32x4.sub(high, zeroPoint)), 16);
    } else {
      v128.store(target, low);
      v128.store(target, high, 16);
      restoreMixed(row, col, size, groups, target);
    }
  }
}

/** Eight weights of several groups. */
function restoreMixed(row: usize, col: usize, size: usize, groups: usize, target: usize): void {
  for (let i: usize = 0; i < 8; i++, target += 4) {
    const group = min((col + i) / size, groups - 1);
    store<f32>(target, scaleOf(row, group) * (load<f32>(target) - zeroPointOf(row, group)));
  }
}
