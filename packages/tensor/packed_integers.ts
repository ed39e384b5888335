/**
 * Counts the bytes that `count` packed codes take.
 *
 * @param count How many codes there are.
 * @param bits The bits of one code, 1 to 8.
 * @returns The bytes, the last one filled up with zero bits.
 */
export function packedByteLength(count: number, bits: number): number {
  return Math.ceil(count * bits / 8);
}

/**
 * Packs codes tightly: code i takes the bits from i·bits on, counted from the lowest bit of byte 0.
 *
 * @example Three codes of 3 bits
 * ```ts
 * import { packIntegers } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(packIntegers(Uint8Array.of(1, 2, 7), 3), Uint8Array.of(0b11_010_001, 0b1));
 * ```
 *
 * @param codes The codes, each below 2^bits.
 * @param bits The bits of one code, 1 to 8.
 * @returns The packed bytes.
 * @throws {RangeError} If `bits` is not 1 to 8 or a code needs more.
 */
export function packIntegers(codes: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
  checkBits("Cannot pack integers", bits);
  const bytes = new Uint8Array(packedByteLength(codes.length, bits));
  // Bytes and bits apart: all bits together may be more than a shift can count.
  for (let i = 0, byte = 0, bit = 0; i < codes.length; i++) {
    if (codes[i] >> bits) {
      throw new RangeError(
        `Cannot pack integers as every code must be below ${2 ** bits}: code ${i} is ${codes[i]}`,
      );
    }
    const shifted = codes[i] << bit;
    bytes[byte] |= shifted;
    if (shifted > 0xff) bytes[byte + 1] = shifted >> 8;
    bit += bits;
    byte += bit >> 3;
    bit &= 7;
  }
  return bytes;
}

/**
 * Unpacks what {@linkcode packIntegers} packed.
 *
 * @param bytes The packed bytes.
 * @param bits The bits of one code, 1 to 8.
 * @param count How many codes there are.
 * @returns The codes.
 * @throws {RangeError} If `bits` is not 1 to 8 or the bytes are too few.
 */
export function unpackIntegers(
  bytes: Uint8Array,
  bits: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  checkBits("Cannot unpack integers", bits);
  if (bytes.length < packedByteLength(count, bits)) {
    throw new RangeError(
      `Cannot unpack integers as ${count} codes of ${bits} bits must have ${
        packedByteLength(count, bits)
      } bytes: current length is ${bytes.length}`,
    );
  }
  const codes = new Uint8Array(count);
  const mask = 2 ** bits - 1;
  for (let i = 0, byte = 0, bit = 0; i < count; i++) {
    const word = bytes[byte] | (bytes[byte + 1] ?? 0) << 8;
    codes[i] = (word >> bit) & mask;
    bit += bits;
    byte += bit >> 3;
    bit &= 7;
  }
  return codes;
}

function checkBits(action: string, bits: number): void {
  if (!Number.isInteger(bits) || bits < 1 || bits > 8) {
    throw new RangeError(
      `${action} as bits must be an integer from 1 to 8: current value is ${bits}`,
    );
  }
}
