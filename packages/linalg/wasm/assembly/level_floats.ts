// Looks up what codes of up to four bits stand for.
//
// A swizzle looks up one byte for each of many codes in a table of sixteen, so that the four bytes of the
// levels stand in a table each. Codes come as eight 16-bit integers: of a byte looked up for the upper
// half of one nothing is used, and two shuffles put together what belongs together.

import { pickBytes } from "./dequantize";
import { word } from "./memory";

/** Bytes of what `writeLevels` writes. */
export const LEVEL_BYTES: usize = 64;

/** Writes the tables of the levels of the dequantizing product, where it has any. */
export function writeLevels(tables: usize): void {
  const levels = word(12);
  if (!levels) return;
  for (let i: usize = 0; i < (<usize> 1) << word(7); i++) {
    for (let byte: usize = 0; byte < 4; byte++) {
      store<u8>(tables + 16 * byte + i, load<u8>(levels + 4 * i + byte));
    }
  }
}

/** The lower halves of eight levels, as 16-bit integers. */
@inline
export function lowerHalves(codes: v128, tables: usize): v128 {
  return zipBytes(pickBytes(v128.load(tables), codes), pickBytes(v128.load(tables, 16), codes));
}

/** The upper halves. */
@inline
export function upperHalves(codes: v128, tables: usize): v128 {
  return zipBytes(pickBytes(v128.load(tables, 32), codes), pickBytes(v128.load(tables, 48), codes));
}

/** The first byte of each pair of both, side by side. */
@inline
function zipBytes(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
}

/** The first four levels. */
@inline
export function lowLevels(lower: v128, upper: v128): v128 {
  return i16x8.shuffle(lower, upper, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** The other four. */
@inline
export function highLevels(lower: v128, upper: v128): v128 {
  return i16x8.shuffle(lower, upper, 4, 12, 5, 13, 6, 14, 7, 15);
}
