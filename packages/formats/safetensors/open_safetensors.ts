import { type AnyTensor, DTYPES, FormatError, fromBytes, sizeOf } from "@pare/tensor";
import { listed, quoted } from "../names.ts";
import type { ByteSource, TensorSource } from "../source.ts";
import { readHeader } from "./header.ts";

/** The tensors of a safetensors file. */
export interface SafetensorsSource extends TensorSource {
  /** What the file says of itself under `__metadata__`; empty if it says nothing. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Opens a safetensors file: reads and checks its header, then one tensor at a time.
 *
 * Whatever the header says is checked before memory is taken for it: dtypes, shapes, that ranges
 * have the size of their tensor, and that they cover the file without hole or overlap.
 *
 * @example A file with one tensor
 * ```ts
 * import { bytesSource, openSafetensors, writeSafetensors } from "@pare/formats";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
 * const bytes = writeSafetensors(new Map([["weight", weight]]));
 * const source = await openSafetensors(bytesSource(bytes, "tiny.safetensors"));
 * assertEquals([...source.specs.keys()], ["weight"]);
 * assertEquals(await source.read("weight"), weight);
 * ```
 *
 * @param source The bytes of the file.
 * @returns The tensors; a read rejects with a `FormatError` if there is none of that name.
 * @throws {FormatError} If the bytes are not a whole and consistent safetensors file.
 */
export async function openSafetensors(source: ByteSource): Promise<SafetensorsSource> {
  const { metadata, specs, offsets } = await readHeader(source);
  const action = `Cannot read "${source.name}"`;
  return {
    metadata,
    specs,
    read: async (name) => {
      const spec = specs.get(name);
      const offset = offsets.get(name);
      if (spec === undefined || offset === undefined) {
        throw new FormatError(action, `tensor ${quoted(name)}`, missing([...specs.keys()]));
      }
      const { dtype, shape } = spec;
      const bytes = await source.read(offset, sizeOf(shape) * DTYPES[dtype].byteLength);
      if (dtype === "bool") checkBooleans(action, name, bytes);
      return fromBytes(bytes, dtype, shape) as AnyTensor;
    },
  };
}

/** Says that a tensor must be there, and what is. */
export function missing(names: readonly string[]): string {
  return `must be in the file: current tensors are ${listed(names)}`;
}

function checkBooleans(action: string, name: string, bytes: Uint8Array): void {
  const index = bytes.findIndex((byte) => byte > 1);
  if (index >= 0) {
    throw new FormatError(
      action,
      `tensor ${quoted(name)}`,
      `must hold truth values of 0 and 1: current value at ${index} is ${bytes[index]}`,
    );
  }
}
