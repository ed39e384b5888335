// 8-bit floats of the Open Compute Project (OCP 8-bit Floating Point Specification, revision 1.0).
//
// e4m3 ("FN"): exponent bias 7, no infinities, NaN is S.1111.111, largest 448.
// e5m2: exponent bias 15, infinities and NaNs as in IEEE 754, largest 57,344.
// e8m0 (of the Microscaling Formats Specification, revision 1.0): the powers of two from 2^-127 to
// 2^127, NaN is 255; no sign, no zero.
// Encoding rounds to nearest, ties to even; what lies beyond the largest number saturates to it in
// e4m3 and becomes an infinity in e5m2 (half way and above).

import { roundHalfEven } from "./half.ts";

/**
 * Decodes one e4m3 number.
 *
 * @param bits The raw 8 bits.
 * @returns The same number; exact in f32.
 */
export function decodeF8e4m3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 0xf;
  const mantissa = bits & 7;
  if (exponent === 0xf && mantissa === 7) return NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -9;
  return sign * (1 + mantissa / 8) * 2 ** (exponent - 7);
}

/**
 * Encodes one number as e4m3; numbers beyond ±448, infinities too, saturate.
 *
 * @param value Any number.
 * @returns The raw 8 bits.
 */
export function encodeF8e4m3(value: number): number {
  if (Number.isNaN(value)) return 0x7f;
  const sign = value < 0 || Object.is(value, -0) ? 0x80 : 0;
  return sign | Math.min(0x7e, encodeMagnitude(Math.abs(value), 3, 7, 0x7e));
}

/**
 * Decodes one e5m2 number.
 *
 * @param bits The raw 8 bits.
 * @returns The same number; exact in f32.
 */
export function decodeF8e5m2(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 2) & 0x1f;
  const mantissa = bits & 3;
  if (exponent === 0x1f) return mantissa ? NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** -16;
  return sign * (1 + mantissa / 4) * 2 ** (exponent - 15);
}

/**
 * Encodes one number as e5m2; from ±61,440 on it is an infinity.
 *
 * @param value Any number.
 * @returns The raw 8 bits.
 */
export function encodeF8e5m2(value: number): number {
  if (Number.isNaN(value)) return 0x7e;
  const sign = value < 0 || Object.is(value, -0) ? 0x80 : 0;
  return sign | encodeMagnitude(Math.abs(value), 2, 15, 0x7c);
}

/**
 * Decodes one e8m0 number, the scale of a block in the microscaling formats.
 *
 * @param bits The raw 8 bits.
 * @returns 2^(bits − 127), exact in f32; NaN for 255.
 */
export function decodeF8e8m0(bits: number): number {
  return bits === 0xff ? NaN : 2 ** (bits - 127);
}

/**
 * Encodes the power of two with the given exponent as e8m0.
 *
 * @param exponent An integer; what lies beyond −127 or 127 saturates.
 * @returns The raw 8 bits.
 */
export function encodeF8e8m0(exponent: number): number {
  return Math.min(Math.max(exponent + 127, 0), 0xfe);
}

/** Encodes a magnitude; what rounds past `largest` comes back as `largest`. */
function encodeMagnitude(
  magnitude: number,
  mantissaBits: number,
  bias: number,
  largest: number,
): number {
  if (magnitude === Infinity) return largest;
  if (magnitude === 0) return 0;
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), 1 - bias);
  // The number of last places; a subnormal has no leading one, a carry bumps the exponent.
  const places = roundHalfEven(magnitude / 2 ** (exponent - mantissaBits));
  return Math.min(largest, ((exponent + bias - 1) << mantissaBits) + places);
}
