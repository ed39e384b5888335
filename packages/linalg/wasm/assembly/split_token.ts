// One token as integers, so that products with small integers are exact: multiples of a power of two, of
// which there are fewer than 2^29 to the largest number, in two halves of 15 bits. |x| errs by 2^-29 of the
// largest at most.
//
// For each block of eight there are eight upper halves and eight lower ones, 16 bits each; behind all of
// them, a quarter of the sum of each block.

import { blocks } from "./lattice_codewords";
import { run, word } from "./memory";
import { spare } from "./panels";
import { sumLanes } from "./simd";

/** The most columns for which a thread has room for the token, and sums of integers fit 32 bits. */
export const MOST_LATTICE_COLS: usize = 65536;

/** The operation that this thread has prepared the token of. */
let prepared: u32 = 0;
/** What the halves of the token are to be multiplied with; 0 if it is not finite. */
let unit: f64 = 0;
/** Half the sum of the token. */
let halfSum: f32 = 0;

@inline
export function tokenUnit(): f64 {
  return unit;
}

@inline
export function tokenHalfSum(): f32 {
  return halfSum;
}

/** Where the quarters of the sums of blocks are. */
@inline
export function blockSums(): usize {
  return spare() + blocks() * 32;
}

/** What is behind the token and the sums of its blocks. */
@inline
export function tokenEnd(): usize {
  return spare() + blocks() * 36;
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
  const sums = blockSums();
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
