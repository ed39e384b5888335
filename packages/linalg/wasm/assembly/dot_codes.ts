// The dot product of one token with one row of integer codes, which are never written out:
//
//   Σ over groups of scale · Σ x · code − Σ over groups of scale · zero point · Σ x
//
// One load brings the codes of a step into lanes (`code_lanes`). A mask leaves one code of each lane
// where it is, at bit p, and a conversion makes four floats of them, 2^p times too large; the token has
// been put in that order and divided by 2^p (`arrange_token`). That is exact for numbers that are at
// least 2^-114 large, or zero.

import { groupSums, laneLayout, MOST_COLS, tokenLanes } from "./arrange_token";
import { firstBit, LONG_STEP, SHORT_STEP } from "./code_lanes";
import { pickBytes } from "./dequantize";
import { divideUp, number, word } from "./memory";
import { loadUpTo, madd, sumLanes, zero } from "./simd";

/** Whether codes are integers, every group begins with a step, and a thread has room for the token. */
export function canDotCodes(): bool {
  return !word(12) && word(6) <= MOST_COLS && (word(9) == 0 || word(8) % SHORT_STEP == 0);
}

/** One row by the arranged token. */
export function dotCodes(row: usize, step: usize): f32 {
  const scales = word(1) + row * word(9) * 4;
  const codes = word(0) + row * word(10);
  const total = step == LONG_STEP ? dotLong(codes, scales) : dotShort(codes, scales);
  return sumLanes<f32>(f32x4.sub(total, dotZeroPoints(row, scales)));
}

function dotLong(codes: usize, scales: usize): v128 {
  const bits = word(7);
  const steps = divideUp(word(9) ? word(8) : word(6), LONG_STEP);
  const end = divideUp(word(6), LONG_STEP);
  const bytes = v128.load(laneLayout());
  const m0 = i32x4.splat((1 << <i32> bits) - 1);
  const m1 = i32x4.shl(m0, <i32> bits);
  const m2 = i32x4.shl(m1, <i32> bits);
  const m3 = i32x4.shl(m2, <i32> bits);
  const half = 4 * <i32> bits;
  let x = tokenLanes();
  let total = zero();
  for (let from: usize = 0; from < end; from += steps, scales += 4) {
    let a = zero(), b = zero(), c = zero(), d = zero();
    for (let left = min(steps, end - from); left > 0; left--, codes += 4 * bits, x += 128) {
      const low = pickBytes(v128.load(codes), bytes);
      const high = i32x4.shr_u(low, half);
      a = madd<f32>(v128.load(x), floatsAt(low, m0), a);
      b = madd<f32>(v128.load(x, 16), floatsAt(low, m1), b);
      c = madd<f32>(v128.load(x, 32), floatsAt(low, m2), c);
      d = madd<f32>(v128.load(x, 48), floatsAt(low, m3), d);
      a = madd<f32>(v128.load(x, 64), floatsAt(high, m0), a);
      b = madd<f32>(v128.load(x, 80), floatsAt(high, m1), b);
      c = madd<f32>(v128.load(x, 96), floatsAt(high, m2), c);
      d = madd<f32>(v128.load(x, 112), floatsAt(high, m3), d);
    }
    const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    total = madd<f32>(v128.load32_splat(scales), sum, total);
  }
  return total;
}

function dotShort(codes: usize, scales: usize): v128 {
  const bits = word(7);
  const steps = divideUp(word(9) ? word(8) : word(6), SHORT_STEP);
  const end = divideUp(word(6), SHORT_STEP);
  const bytes = v128.load(laneLayout());
  const multipliers = v128.load(laneLayout(), 16);
  const m0 = i32x4.splat(((1 << <i32> bits) - 1) << <i32> firstBit(SHORT_STEP));
  const m1 = i32x4.shl(m0, <i32> bits);
  const half = 2 * <i32> bits;
  let x = tokenLanes();
  let total = zero();
  for (let from: usize = 0; from < end; from += steps, scales += 4) {
    let a = zero(), b = zero(), c = zero(), d = zero();
    for (let left = min(steps, end - from); left > 0; left--, codes += 2 * bits, x += 64) {
      const low = i32x4.mul(pickBytes(v128.load(codes), bytes), multipliers);
      const high = i32x4.shr_u(low, half);
      a = madd<f32>(v128.load(x), floatsAt(low, m0), a);
      b = madd<f32>(v128.load(x, 16), floatsAt(low, m1), b);
      c = madd<f32>(v128.load(x, 32), floatsAt(high, m0), c);
      d = madd<f32>(v128.load(x, 48), floatsAt(high, m1), d);
    }
    const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
    total = madd<f32>(v128.load32_splat(scales), sum, total);
  }
  return total;
}

/** One code of each lane, where it stands. They are below 2^31, as signed integers convert at once. */
@inline
function floatsAt(lanes: v128, mask: v128): v128 {
  return f32x4.convert_i32x4_s(v128.and(lanes, mask));
}

/** Σ scale · zero point · Σ x over the groups of a row. */
function dotZeroPoints(row: usize, scales: usize): v128 {
  const groups = max<usize>(1, word(9));
  const same = f32x4.splat(<f32> number(0));
  let zeroPoints = word(2) ? word(2) + row * word(9) * 4 : 0;
  let sums = groupSums();
  let total = zero();
  for (let left = groups; left > 0; left -= min<usize>(4, left), scales += 16, sums += 16) {
    let factors = same;
    if (zeroPoints) {
      factors = loadUpTo<f32>(zeroPoints, left);
      zeroPoints += 16;
    }
    const scaled = f32x4.mul(loadUpTo<f32>(scales, left), loadUpTo<f32>(sums, left));
    total = madd<f32>(scaled, factors, total);
  }
  return total;
}
