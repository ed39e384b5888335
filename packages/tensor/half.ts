// Half precision (IEEE 754 binary16) and bfloat16, to and from f32.
//
// f16: 1 sign, 5 exponent (bias 15), 10 mantissa bits. bf16: the upper 16 bits of an f32.
// Both directions are exact or rounded to nearest, ties to even; a NaN stays a NaN.
// Whole arrays go through tables of 65,536 entries built on first use.

const scratch = new DataView(new ArrayBuffer(4));

/**
 * Decodes one half-precision number.
 *
 * @param bits The raw 16 bits.
 * @returns The same number; every f16 is exact in f32.
 */
export function decodeF16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0x1f) return mantissa ? NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/**
 * Encodes one number in half precision, rounding to nearest, ties to even.
 *
 * @param value The number, first rounded to f32.
 * @returns The raw 16 bits; an infinity from 65,520 on.
 */
export function encodeF16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65,520 is half way between the largest f16 and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal f16 the last place is worth 2^-24.
  if (magnitude < 0x38800000) {
    return sign | roundHalfEven(Math.abs(scratch.getFloat32(0)) * 2 ** 24);
  }
  // Rebias the exponent by 112, round the 13 mantissa bits that go; a carry may bump the exponent.
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/**
 * Decodes one bfloat16 number.
 *
 * @param bits The raw 16 bits.
 * @returns The same number; every bf16 is exact in f32.
 */
export function decodeBf16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/**
 * Encodes one number as bfloat16, rounding to nearest, ties to even.
 *
 * @param value The number, first rounded to f32.
 * @returns The raw 16 bits.
 */
export function encodeBf16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** From here on every double is an integer; adding it leaves no room for a fraction. */
const NO_FRACTION = 2 ** 52;

/**
 * Rounds to the nearest integer, ties to even.
 *
 * @param value Any number.
 * @returns The nearest integer; of two equally near, the even one.
 */
export function roundHalfEven(value: number): number {
  if (value >= 0) return value < NO_FRACTION ? value + NO_FRACTION - NO_FRACTION : value;
  return value > -NO_FRACTION ? value - NO_FRACTION + NO_FRACTION : value;
}
