// Brings the codes of a piece of a line of tiles to where they are decoded, 32 rows at a time.
//
// What a column has of a piece is a run of whole bytes of the circular string of its tile. It is copied
// column by column, with the bytes that follow it in the circle, so that no window needs to wrap around.
//
// Rows are decoded in eight groups of neighbours: as many as have codes of two bytes together, or eight,
// where three bits make three bytes of them. A vector has 16 bits of each group, from one byte on: weight j
// of every group then stands j K bits up, less whole bytes, and one shift and one mask make eight states.
// Where a window leaves the 16 bits, what is missing comes from those a byte further on.
//
// The seven bits that a level is made of become a number without conversion: below the exponent of 1 they
// are the upper half of the f32 1 + u / 128, which is (level + 1532) / 1024.

import { pickBytes } from "./dequantize";
import {
  bitsOfState,
  bitsOfWeight,
  FIRST_MULTIPLIER,
  SECOND_MULTIPLIER,
  tileAt,
  tileBytes,
  tileHeight,
  tileWidth,
} from "./trellis_layout";

/** Neighbouring rows that make a group. */
@inline
export function groupRows(bits: usize): usize {
  return bits == 3 ? 8 : 16 / bits;
}

/** Rows that are decoded at once: eight groups. */
@inline
export function rowsAtOnce(): usize {
  return 8 * groupRows(bitsOfWeight());
}

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

/** What an f32 that levels are decoded to times 1024 is more than the level. */
export const MIDDLE: f32 = 1532;

/** Bytes of what `writeConstants` writes. */
export const CONSTANTS_BYTES: usize = 80;

/** Writes what is the same for all columns, to be loaded: constants may cost more inside of a loop. */
export function writeConstants(target: usize): void {
  for (let lane: usize = 0; lane < 8; lane++) {
    // The bytes of four groups of three bytes each.
    store<u8>(target + 2 * lane, (lane & 3) * 3);
    store<u8>(target + 2 * lane, (lane & 3) * 3 + 1, 1);
    store<u16>(target + 2 * lane, <u16> ((<u32> 1 << <u32> bitsOfState()) - 1), 16);
    store<u16>(target + 2 * lane, FIRST_MULTIPLIER, 32);
    store<u16>(target + 2 * lane, SECOND_MULTIPLIER, 48);
    store<u16>(target + 2 * lane, 0x3f80, 64);
  }
}

/** Which byte of its group weight `j` begins in. */
@inline
export function byteOf(bits: i32, j: i32): i32 {
  return j * bits >> 3;
}

/** 16 bits of each of eight groups, from their first byte on. */
@inline
export function sixteensAt(bits: i32, codes: usize, numbers: v128): v128 {
  if (bits != 3) return v128.load(codes);
  const first = pickBytes(v128.load(codes), numbers);
  return i64x2.shuffle(first, pickBytes(v128.load(codes, 12), numbers), 0, 2);
}

/**
 * The states of weight `j` of each of eight groups.
 *
 * @param isWide Whether states may have more than twelve bits.
 * @param first 16 bits from the byte on that the weight begins in.
 * @param next 16 bits from the byte after it on.
 */
@inline
export function statesOf(
  bits: i32,
  isWide: bool,
  j: i32,
  first: v128,
  next: v128,
  mask: v128,
): v128 {
  const shift = j * bits & 7;
  if (shift == 0) return v128.and(first, mask);
  const low = i16x8.shr_u(first, shift);
  if (!isWide && shift <= 4) return v128.and(low, mask);
  return v128.and(v128.or(low, i16x8.shl(next, 8 - shift)), mask);
}

/** The upper halves of the f32 of eight states. */
@inline
export function halvesOf(
  bits: i32,
  isWide: bool,
  states: v128,
  first: v128,
  second: v128,
  one: v128,
): v128 {
  const means = i8x16.avgr_u(i16x8.mul(states, first), i16x8.mul(states, second));
  const sevens = bits > 2 || (bits == 2 && isWide)
    ? i16x8.shr_u(i16x8.extadd_pairwise_i8x16_u(means), 2)
    : i16x8.shr_u(means, 9);
  return v128.or(sevens, one);
}
