import { assert, assertEquals } from "@std/assert";
import {
  decodeF8e4m3,
  decodeF8e5m2,
  decodeF8e8m0,
  encodeF8e4m3,
  encodeF8e5m2,
  encodeF8e8m0,
} from "./float8.ts";

const PATTERNS = Array.from({ length: 256 }, (_, bits) => bits);

/** Both formats: how they are read and written, and the pattern of the largest number. */
const FORMATS = [
  ["e4m3", decodeF8e4m3, encodeF8e4m3, 0x7e],
  ["e5m2", decodeF8e5m2, encodeF8e5m2, 0x7b],
] as const;

Deno.test("decodeF8e4m3() reads the values of the specification", () => {
  // OCP 8-bit Floating Point Specification, revision 1.0, table 2.
  assertEquals(decodeF8e4m3(0b0_1111_110), 448);
  assertEquals(decodeF8e4m3(0b0_0001_000), 2 ** -6);
  assertEquals(decodeF8e4m3(0b0_0000_111), 0.875 * 2 ** -6);
  assertEquals(decodeF8e4m3(0b1_0000_001), -(2 ** -9));
  assertEquals(decodeF8e4m3(0b0_0111_000), 1);
  assert(Object.is(decodeF8e4m3(0x80), -0));
  assertEquals(PATTERNS.filter((bits) => Number.isNaN(decodeF8e4m3(bits))), [0x7f, 0xff]);
  assert(PATTERNS.every((bits) => Math.abs(decodeF8e4m3(bits)) !== Infinity));
});

Deno.test("decodeF8e5m2() reads the upper byte of an f16", () => {
  const halves = new Float16Array(Uint16Array.from(PATTERNS, (bits) => bits << 8).buffer);
  for (const bits of PATTERNS) assert(Object.is(decodeF8e5m2(bits), halves[bits]), `${bits}`);
  assertEquals(decodeF8e5m2(0x7b), 57344);
  assertEquals(decodeF8e5m2(0xfc), -Infinity);
});

for (const [name, decode, encode, largest] of FORMATS) {
  Deno.test(`${name} gives back every pattern; a NaN stays one`, () => {
    for (const bits of PATTERNS) {
      const value = decode(bits);
      if (Number.isNaN(value)) assert(Number.isNaN(decode(encode(value))));
      else assertEquals(encode(value), bits);
    }
  });

  Deno.test(`${name} rounds midpoints of all neighbours to even, next to them to nearest`, () => {
    for (let bits = 0; bits < largest; bits++) {
      const [low, high] = [decode(bits), decode(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const step = (high - low) * 2 ** -30;
      for (const sign of [1, -1]) {
        const signBit = sign < 0 ? 0x80 : 0;
        assertEquals(encode(sign * middle), signBit | even);
        assertEquals(encode(sign * (middle - step)), signBit | bits);
        assertEquals(encode(sign * (middle + step)), signBit | (bits + 1));
      }
    }
  });
}

Deno.test("encodeF8e4m3() saturates", () => {
  for (const value of [448, 463, 464, 465, 1e9, Infinity]) {
    assertEquals(encodeF8e4m3(value), 0x7e, `${value}`);
    assertEquals(encodeF8e4m3(-value), 0xfe, `${-value}`);
  }
});

Deno.test("encodeF8e5m2() overflows half way beyond the largest number", () => {
  assertEquals(encodeF8e5m2(61439.9), 0x7b);
  assertEquals(encodeF8e5m2(61440), 0x7c);
  assertEquals(encodeF8e5m2(1e9), 0x7c);
  assertEquals(encodeF8e5m2(-Infinity), 0xfc);
});

Deno.test("8-bit floats round what is too small to zero, with its sign", () => {
  assertEquals(encodeF8e4m3(2 ** -10), 0);
  assertEquals(encodeF8e4m3(2 ** -10 * 1.001), 1);
  assertEquals(encodeF8e5m2(2 ** -17), 0);
  assertEquals(encodeF8e5m2(2 ** -17 * 1.001), 1);
  assertEquals([encodeF8e4m3(-1e-300), encodeF8e5m2(-0)], [0x80, 0x80]);
});

Deno.test("e8m0 is the powers of two that f32 holds, and NaN", () => {
  for (let bits = 0; bits < 255; bits++) {
    const value = decodeF8e8m0(bits);
    assertEquals(value, Math.fround(2 ** (bits - 127)));
    assertEquals(encodeF8e8m0(bits - 127), bits);
  }
  assertEquals(decodeF8e8m0(255), NaN);
  assertEquals([encodeF8e8m0(-200), encodeF8e8m0(200)], [0, 254]);
});
