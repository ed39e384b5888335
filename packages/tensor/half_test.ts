import { assert, assertEquals } from "@std/assert";
import { decodeBf16, decodeF16, encodeBf16, encodeF16, roundHalfEven } from "./half.ts";

const PATTERNS = Array.from({ length: 65536 }, (_, bits) => bits);

/** The bits of a number as f32, and back. */
function bitsOfF32(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}

function f32OfBits(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0];
}

/** Every pattern of the platform's own half-precision array. */
const HALVES = new Float16Array(Uint16Array.from(PATTERNS).buffer);

Deno.test("decodeF16() reads all 65,536 patterns as Float16Array does", () => {
  for (const bits of PATTERNS) {
    assert(Object.is(decodeF16(bits), HALVES[bits]), `0x${bits.toString(16)}`);
  }
});

Deno.test("encodeF16() gives back every pattern; a NaN stays one", () => {
  for (const bits of PATTERNS) {
    const value = decodeF16(bits);
    if (Number.isNaN(value)) assert(Number.isNaN(decodeF16(encodeF16(value))));
    else assertEquals(encodeF16(value), bits);
  }
});

Deno.test("encodeF16() rounds midpoints of all neighbours to even, and next to them to nearest", () => {
  for (let bits = 0; bits < 0x7c00; bits++) {
    const low = decodeF16(bits);
    // Beyond the largest number as if there were one more power of two.
    const high = bits + 1 === 0x7c00 ? 65536 : decodeF16(bits + 1);
    const middle = (low + high) / 2;
    const even = bits % 2 === 0 ? bits : bits + 1;
    const step = (high - low) * 2 ** -10;
    assertEquals(encodeF16(middle), even);
    assertEquals(encodeF16(middle - step), bits);
    assertEquals(encodeF16(middle + step), bits + 1);
    assertEquals(encodeF16(-middle), even | 0x8000);
    assertEquals(encodeF16(-middle + step), bits | 0x8000);
  }
});

Deno.test("encodeF16() agrees with Float16Array on f32 of every exponent", () => {
  const half = new Float16Array(1);
  const bits = new Uint16Array(half.buffer);
  for (let exponent = 0; exponent < 256; exponent++) {
    for (const mantissa of [0, 1, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fffff]) {
      for (const sign of [0, 0x80000000]) {
        const value = f32OfBits((sign | (exponent << 23) | mantissa) >>> 0);
        if (Number.isNaN(value)) continue;
        half[0] = value;
        assertEquals(encodeF16(value), bits[0], `${value}`);
      }
    }
  }
});

Deno.test("encodeF16() overflows from 65,520 on and rounds the smallest to zero", () => {
  assertEquals(encodeF16(65519.99), 0x7bff);
  assertEquals(encodeF16(65520), 0x7c00);
  assertEquals(encodeF16(Infinity), 0x7c00);
  assertEquals(encodeF16(-1e30), 0xfc00);
  assertEquals(encodeF16(2 ** -25), 0);
  assertEquals(encodeF16(2 ** -25 * 1.001), 1);
  assertEquals(encodeF16(-0), 0x8000);
  assertEquals(encodeF16(-1e-30), 0x8000);
});

Deno.test("decodeBf16() reads all 65,536 patterns as the upper half of an f32", () => {
  for (const bits of PATTERNS) {
    assert(Object.is(decodeBf16(bits), f32OfBits(bits * 65536)), `0x${bits.toString(16)}`);
  }
});

Deno.test("encodeBf16() gives back every pattern; a NaN stays one of its sign", () => {
  for (const bits of PATTERNS) {
    const value = decodeBf16(bits);
    if (Number.isNaN(value)) assert(Number.isNaN(decodeBf16(encodeBf16(value))));
    else assertEquals(encodeBf16(value), bits);
  }
});

Deno.test("encodeBf16() rounds midpoints of all neighbours to even, and next to them to nearest", () => {
  for (let bits = 0; bits < 0x7f80; bits++) {
    const even = bits % 2 === 0 ? bits : bits + 1;
    for (const sign of [0, 0x8000]) {
      const at = (low: number) => f32OfBits(((sign | bits) * 65536 + low) >>> 0);
      assertEquals(encodeBf16(at(0x8000)), sign | even);
      assertEquals(encodeBf16(at(0x7fff)), sign | bits);
      assertEquals(encodeBf16(at(0x8001)), sign | (bits + 1));
    }
  }
});

Deno.test("encodeBf16() overflows half way beyond the largest number", () => {
  assertEquals(encodeBf16(f32OfBits(0x7f7f7fff)), 0x7f7f);
  assertEquals(encodeBf16(f32OfBits(0x7f7f8000)), 0x7f80);
  assertEquals(encodeBf16(-Infinity), 0xff80);
  assertEquals(encodeBf16(-0), 0x8000);
  // A NaN whose upper mantissa bits are zero must not become an infinity.
  const quiet = encodeBf16(f32OfBits(0x7f800001));
  assert(Number.isNaN(decodeBf16(quiet)));
  assert((bitsOfF32(decodeBf16(quiet)) & 0x7fffff) !== 0);
});

Deno.test("roundHalfEven() rounds to nearest, ties to even, on both sides of zero", () => {
  const cases = [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, 0], [-1.5, -2], [-2.5, -2], [0.49, 0], [
    2.51,
    3,
  ]];
  for (const [value, wanted] of cases) {
    assert(roundHalfEven(value) === wanted, `${value}: ${roundHalfEven(value)}`);
  }
  assertEquals(roundHalfEven(2 ** 52 + 1), 2 ** 52 + 1);
});
