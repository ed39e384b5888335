import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { packedByteLength, packIntegers, unpackIntegers } from "./packed_integers.ts";

const BITS = [1, 2, 3, 4, 5, 6, 7, 8];

const codesOf = (bits: number) =>
  fc.array(fc.nat(2 ** bits - 1), { maxLength: 70 }).map((codes) => Uint8Array.from(codes));

for (const bits of BITS) {
  Deno.test(`unpackIntegers() takes apart what packIntegers() packed, ${bits} bits`, () => {
    fc.assert(fc.property(codesOf(bits), (codes) => {
      const packed = packIntegers(codes, bits);
      assertEquals(packed.length, packedByteLength(codes.length, bits));
      assertEquals(unpackIntegers(packed, bits, codes.length), codes);
    }));
  });

  Deno.test(`packIntegers() writes one stream of bits, lowest first, ${bits} bits`, () => {
    fc.assert(fc.property(codesOf(bits), (codes) => {
      let stream = 0n;
      for (const [i, code] of codes.entries()) stream |= BigInt(code) << BigInt(i * bits);
      const packed = packIntegers(codes, bits);
      for (const [i, byte] of packed.entries()) {
        assertEquals(byte, Number((stream >> BigInt(8 * i)) & 0xffn));
      }
    }));
  });

  Deno.test(`packIntegers() refuses codes of more than ${bits} bits`, () => {
    const largest = 2 ** bits - 1;
    assertEquals(unpackIntegers(packIntegers(Uint8Array.of(largest), bits), bits, 1)[0], largest);
    if (bits === 8) return;
    assertThrows(
      () => packIntegers(Uint8Array.of(0, largest + 1), bits),
      RangeError,
      `every code must be below ${largest + 1}: code 1 is ${largest + 1}`,
    );
  });
}

Deno.test("packedByteLength() rounds up to whole bytes", () => {
  assertEquals(packedByteLength(0, 3), 0);
  assertEquals(packedByteLength(1, 3), 1);
  assertEquals(packedByteLength(8, 3), 3);
  assertEquals(packedByteLength(9, 3), 4);
  for (const bits of BITS) assertEquals(packedByteLength(64, bits), 8 * bits);
});

Deno.test("packIntegers() leaves its input and the bits that fill up the last byte zero", () => {
  const codes = Uint8Array.of(7, 7, 7);
  assertEquals(packIntegers(codes, 3), Uint8Array.of(0xff, 0x01));
  assertEquals(codes, Uint8Array.of(7, 7, 7));
  assertEquals(packIntegers(new Uint8Array(0), 5), new Uint8Array(0));
});

Deno.test("unpackIntegers() reads from longer bytes, and refuses shorter ones", () => {
  assertEquals(unpackIntegers(Uint8Array.of(0xff, 0xff, 0xff), 3, 2), Uint8Array.of(7, 7));
  assertEquals(unpackIntegers(new Uint8Array(0), 4, 0), new Uint8Array(0));
  assertThrows(
    () => unpackIntegers(new Uint8Array(2), 3, 6),
    RangeError,
    "6 codes of 3 bits must have 3 bytes: current length is 2",
  );
});

Deno.test("packIntegers() and unpackIntegers() refuse other widths", () => {
  for (const bits of [0, 9, 1.5, NaN, -1]) {
    const message = `bits must be an integer from 1 to 8: current value is ${bits}`;
    assertThrows(() => packIntegers(new Uint8Array(1), bits), RangeError, message);
    assertThrows(() => unpackIntegers(new Uint8Array(9), bits, 1), RangeError, message);
  }
});

Deno.test("packIntegers() and unpackIntegers() go on beyond 2^31 bits", () => {
  const codes = new Uint8Array(2 ** 28 + 2);
  codes.set([1, 2, 255], codes.length - 3);
  const packed = packIntegers(codes, 8);
  assertEquals(packed.subarray(-4), Uint8Array.of(0, 1, 2, 255));
  assertEquals(unpackIntegers(packed, 8, codes.length).subarray(-4), Uint8Array.of(0, 1, 2, 255));
});
