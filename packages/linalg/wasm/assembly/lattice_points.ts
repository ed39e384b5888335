// What points belong to the codebooks of lattice codes, and their numbers. A point is eight i32, 2 v_i.

import { FIVES, THREES } from "../../codebook/lattice_layout";
import { zero } from "./simd";

/** One bit for each of eight that is negative. */
@inline
export function minusOf(x: usize): i32 {
  return i32x4.bitmask(v128.load(x)) | i32x4.bitmask(v128.load(x, 16)) << 4;
}

/** Points of D8^, 2 v, whose squares add up to no more belong to E8P, those of the other sum may. */
export const E8P_SQUARES: i32 = 40;
export const MOST_E8P_SQUARES: i32 = 48;
/** The same of the codebook of residuals and points of E8. */
export const RESIDUAL_SQUARES: i32 = 8;
export const MOST_RESIDUAL_SQUARES: i32 = 16;

/** Whether a point of the larger sum with those entries ± 3/2 is one of E8P. */
@inline
export function isOuterE8p(threes: i32, tables: usize): bool {
  return popcnt(threes) == 5 && load<u8>(tables + (THREES << 2) + threes) != 0;
}

/** Whether a point of the larger sum is one of the codebook of residuals. */
export function isOuterResidual(point: usize): bool {
  const a = v128.load(point), b = v128.load(point, 16);
  const four = i32x4.splat(4);
  const isDouble = v128.any_true(
    v128.or(i32x4.eq(i32x4.abs(a), four), i32x4.eq(i32x4.abs(b), four)),
  );
  return isDouble && i32x4.extract_lane(b, 3) > -4;
}

/** The sum of the squares of a point. */
export function squaresOf(point: usize): i32 {
  const a = v128.load(point), b = v128.load(point, 16);
  const four = i32x4.add(i32x4.mul(a, a), i32x4.mul(b, b));
  const two = i32x4.add(four, i64x2.shuffle(four, four, 1, 0));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

/** One bit for each entry ± 3/2. */
@inline
export function threesOf(point: usize): i32 {
  const a = v128.load(point), b = v128.load(point, 16);
  const three = i32x4.splat(3);
  return i32x4.bitmask(i32x4.eq(i32x4.abs(a), three)) |
    i32x4.bitmask(i32x4.eq(i32x4.abs(b), three)) << 4;
}

/** The number of a point of E8P. */
export function codeOfE8p(point: usize, shift: i32, tables: usize): u32 {
  const a = v128.load(point), b = v128.load(point, 16);
  const threes = threesOf(point);
  const five = i32x4.splat(5);
  const fives = i32x4.bitmask(i32x4.eq(i32x4.abs(a), five)) |
    i32x4.bitmask(i32x4.eq(i32x4.abs(b), five)) << 4;
  const first = ctz(fives);
  const at = fives == 0
    ? (THREES << 2) + threes
    : (FIVES << 2) + 8 * first + (threes == 0 ? first : ctz(threes));
  const pattern = <u32> load<u8>(tables + at);
  return pattern << 8 | (shift < 0 ? 128 : 0) | (<u32> minusOf(point) & 127);
}

/** The number of a point of the codebook of residuals. */
export function codeOfResidual(point: usize): u32 {
  const minus = minusOf(point);
  const a = v128.load(point), b = v128.load(point, 16);
  const places = 255 ^ (i32x4.bitmask(i32x4.eq(a, zero())) | i32x4.bitmask(i32x4.eq(b, zero())) << 4);
  const count = popcnt(places);
  if (count == 8) return minus & 127;
  if (count == 0) return 240;
  const i = ctz(places);
  if (count == 1) return (minus != 0 ? 249 : 241) + i;
  const j = 31 - clz(places);
  const pair = i * (15 - i) / 2 + j - i - 1;
  return 128 + 4 * pair + (minus >> i & 1) + 2 * (minus >> j & 1);
}
