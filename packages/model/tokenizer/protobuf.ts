// The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), as far as it is
// met in files: integers of 32 bits, floats, and length-delimited bytes; groups are refused.

import { FormatError } from "@pare/tensor";

/** One field of a message, in the order of the bytes. */
export type ProtobufField =
  | { readonly number: number; readonly kind: "integer"; readonly value: number }
  | { readonly number: number; readonly kind: "float"; readonly value: number }
  | { readonly number: number; readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly number: number; readonly kind: "other"; readonly value: null };

/**
 * Reads the fields of a message without copying.
 *
 * @param action What cannot be done otherwise, to begin the message of an error.
 * @param name How an error names the message.
 */
export function* readFields(
  action: string,
  name: string,
  bytes: Uint8Array,
): Generator<ProtobufField, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;

  /** Moves past `length` bytes and returns where they begin. */
  const take = (length: number): number => {
    const start = offset;
    if (length > bytes.length - start) {
      const problem =
        `must hold its fields: current field at byte ${start} needs ${length} bytes of ${
          bytes.length - start
        }`;
      throw new FormatError(action, name, problem);
    }
    offset += length;
    return start;
  };

  const integer = (): number => {
    let value = 0;
    let low = 0;
    for (let i = 0; i < 10; i++) {
      const byte = bytes[take(1)];
      value += (byte & 127) * 2 ** (7 * i);
      if (i < 5) low |= (byte & 127) << (7 * i);
      // Ten bytes are a negative number; its low word alone is one of 32 bits.
      if (byte < 128) return i === 9 ? low : value;
    }
    const problem =
      `must have integers of at most 10 bytes: current one at byte ${offset} is longer`;
    throw new FormatError(action, name, problem);
  };

  while (offset < bytes.length) {
    const start = offset;
    const tag = integer();
    const number = Math.floor(tag / 8);
    if (number < 1 || number >= 2 ** 29) {
      const problem = `must number its fields from 1: current tag at byte ${start} is ${tag}`;
      throw new FormatError(action, name, problem);
    }
    switch (tag % 8) {
      case 0:
        yield { number, kind: "integer", value: integer() };
        break;
      case 1:
        take(8);
        yield { number, kind: "other", value: null };
        break;
      case 2: {
        const length = integer();
        const from = take(length < 0 ? Infinity : length);
        yield { number, kind: "bytes", value: bytes.subarray(from, offset) };
        break;
      }
      case 5:
        yield { number, kind: "float", value: view.getFloat32(take(4), true) };
        break;
      default: {
        const problem = `must have wire types 0, 1, 2 and 5: current type of field ${number} is ${
          tag % 8
        }`;
        throw new FormatError(action, name, problem);
      }
    }
  }
}
