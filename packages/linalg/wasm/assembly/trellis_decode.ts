// Brings the codes of a piece of a line of tiles to where they are decoded, 32 rows at a time.
//
// What a column has of a piece is a run of whole bytes of the circular string of its tile. It is copied
// column by column, with the bytes that follow it in the circle, so that no window needs to wrap around.
//
// 32 weights of K bits fill 4 K bytes: the codes of eight of them begin every K bytes, and one swizzle
// brings the four bytes from there on into a lane. Weight j of each of the four eights then stands j K
// bits up, and one shift and one mask make four states. From weight 4 on a window might leave the lane,
// and the bytes are taken from ⌊4 K / 8⌋ further on.

import { pickBytes } from "./dequantize";
import {
  bitsOfState,
  bitsOfWeight,
  MULTIPLIER,
  tileAt,
  tileBytes,
  tileHeight,
  tileWidth,
} from "./trellis_layout";

/** Rows that are decoded at once. */
export const ROWS: usize = 32;

/** Bytes from one staged column of so many rows to the next: copies write up to 15 too many. */
@inline
export function stageBytes(rows: usize): usize {
  return stagedBytes(rows) + 30 & ~15;
}

/** The bytes of the codes of so many rows, and two that windows may reach into. */
@inline
function stagedBytes(rows: usize): usize {
  return rows * bitsOfWeight() / 8 + 2;
}

/**
 * Copies the codes of columns.
 *
 * @param line The line of tiles.
 * @param row The first row in it, a multiple of 8.
 * @param rows How many rows, a multiple of 8.
 */
export function stageCodes(
  line: usize,
  row: usize,
  rows: usize,
  col: usize,
  cols: usize,
  target: usize,
): void {
  const bytes = stagedBytes(rows), step = stageBytes(rows), size = tileBytes();
  // What two neighbours in a tile are apart.
  const gap = tileHeight() * bitsOfWeight() / 8;
  const width = tileWidth();
  const first = row * bitsOfWeight() / 8;
  let tile = tileAt(line, col / width);
  let start = first + col % width * gap;
  for (const end = target + cols * step; target < end; target += step) {
    let from = start;
    for (let done: usize = 0; done < bytes; from = 0) {
      const count = min(bytes - done, size - from);
      for (let i: usize = 0; i < count; i += 16) {
        v128.store(target + done + i, v128.load(tile + from + i));
      }
      done += count;
    }
    start += gap;
    if (start >= size) {
      start = first;
      tile += size;
    }
  }
}

/** Bytes of what `writeConstants` writes. */
export const CONSTANTS_BYTES: usize = 64;

/** Writes what is the same for all columns, to be loaded: constants may cost more inside of a loop. */
export function writeConstants(target: usize): void {
  const bits = <u32> bitsOfWeight();
  for (let lane: u32 = 0; lane < 4; lane++) {
    for (let i: u32 = 0; i < 4; i++) store<u8>(target + lane * 4 + i, lane * bits + i);
    store<u32>(target + lane * 4, (1 << <u32> bitsOfState()) - 1, 16);
    store<u32>(target + lane * 4, MULTIPLIER, 32);
    store<u32>(target + lane * 4, 0x0001_0001, 48);
  }
}

/** The bytes that hold the first, or with `half` 1 the last, four weights of each of four eights. */
@inline
export function lanesOf(bits: usize, codes: usize, half: usize, numbers: v128): v128 {
  return pickBytes(v128.load(codes + half * (bits >> 1)), numbers);
}

/** The hashes of the states of weight `half` · 4 + `j` of each of four eights. */
@inline
export function hashesAt(
  bits: i32,
  lanes: v128,
  half: i32,
  j: i32,
  mask: v128,
  multiplier: v128,
): v128 {
  const shift = half * (4 * bits & 7) + j * bits;
  const windows = shift == 0 ? lanes : i32x4.shr_u(lanes, shift);
  return i32x4.mul(v128.and(windows, mask), multiplier);
}

/**
 * The sums of bytes of four hashes: 510 more than their levels.
 *
 * @param ones Of 16 bits each. Products with it add up pairs as an extending addition does, which V8
 * would make of a product with a constant whose address it loads every time.
 */
@inline
export function sumsOf(hashes: v128, ones: v128): v128 {
  const pairs = i16x8.extadd_pairwise_i8x16_u(hashes);
  return f32x4.convert_i32x4_s(i32x4.dot_i16x8_s(pairs, ones));
}
