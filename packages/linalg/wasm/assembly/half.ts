// Half precision (IEEE 754 binary16), to and from f32.
//
// f16: 1 sign, 5 exponent (bias 15), 10 mantissa bits. Moved up by 13 bits, exponent and mantissa are
// those of an f32 that is 2^112 too small, subnormal ones included; multiplying is exact.

import { divideUp, GRAIN, word } from "./memory";
import { storeUpTo } from "./simd";

/** Infinity in f16, its bits in the place of an f32's. */
const INFINITE: i32 = 0x0f800000;

/** 2^112, as bits. */
const SCALE: u32 = 0x77800000;

export function halfTasks(): usize {
  return divideUp(word(2), GRAIN);
}

/** Decodes four numbers. */
@inline
export function decodeHalves(bits: v128): v128 {
  const magnitude = v128.shl<i32>(v128.and(bits, i32x4.splat(0x7fff)), 13);
  const sign = v128.shl<i32>(v128.and(bits, i32x4.splat(0x8000)), 16);
  const scaled = v128.mul<f32>(magnitude, f32x4.splat(reinterpret<f32>(SCALE)));
  // The largest exponent stands for infinity and NaN.
  const special = v128.and(
    v128.ge<i32>(magnitude, i32x4.splat(INFINITE)),
    i32x4.splat(0x7f800000),
  );
  return v128.or(v128.or(scaled, special), sign);
}

/** x in f16, out in f32, length. */
export function fromHalfTask(task: usize): void {
  const end = min(word(2), (task + 1) * GRAIN);
  for (let i = task * GRAIN; i < end; i += 4) {
    const from = word(0) + 2 * i;
    const bits = end - i >= 4 ? v128.load_ext<u16>(from) : lastHalves(from, end - i);
    storeUpTo<f32>(word(1) + 4 * i, decodeHalves(bits), end - i);
  }
}

/** Fewer than four numbers, without reading beyond them. */
function lastHalves(from: usize, count: usize): v128 {
  const x = i32x4.splat(load<u16>(from));
  const y = count > 1 ? v128.replace_lane<i32>(x, 1, load<u16>(from, 2)) : x;
  return count > 2 ? v128.replace_lane<i32>(y, 2, load<u16>(from, 4)) : y;
}

/** x in f32, out in f16, length; rounds to nearest, ties to even. */
export function toHalfTask(task: usize): void {
  const end = min(word(2), (task + 1) * GRAIN);
  for (let i = task * GRAIN; i < end; i++) {
    store<u16>(word(1) + 2 * i, encodeHalf(load<f32>(word(0) + 4 * i)));
  }
}

/** Encodes one number. */
@inline
export function encodeHalf(value: f32): u32 {
  const bits = reinterpret<u32>(value);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65,520 is half way between the largest f16 and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal f16 the last place is worth 2^-24, which is that of 0.5 in f32.
  if (magnitude < 0x38800000) {
    return sign | (reinterpret<u32>(reinterpret<f32>(magnitude) + <f32> 0.5) - 0x3f000000);
  }
  // Rebias the exponent by 112, round the 13 mantissa bits that go; a carry may bump the exponent.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}
