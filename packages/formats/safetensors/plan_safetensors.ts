import { checkOptions, type Checks, DTYPES, integer, sizeOf, type TensorSpec } from "@pare/tensor";
import { isPlainFileName, quoted } from "../names.ts";
import { MAX_HEADER_BYTES, SAFETENSORS_NAMES } from "./dtypes.ts";

/** Options of {@linkcode planSafetensors}. */
export interface SafetensorsOptions {
  /**
   * What the files say of themselves.
   *
   * @default {{}}
   */
  metadata?: Readonly<Record<string, string>>;
  /**
   * The most bytes of tensors in one file; a larger tensor gets a file of its own.
   *
   * @default {5_000_000_000}
   */
  maxShardBytes?: number;
  /**
   * What file names begin with.
   *
   * @default {"model"}
   */
  baseName?: string;
}

/** Where a tensor stands in a file. */
export interface SafetensorsPlacement extends TensorSpec {
  /** The first byte, counted from the beginning of the file. */
  readonly offset: number;
  /** How many bytes it takes. */
  readonly byteLength: number;
}

/** The layout of one safetensors file. */
export interface SafetensorsShard {
  /** The name of the file. */
  readonly fileName: string;
  /** The first bytes of the file, all that stands before the first tensor. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The length of the file. */
  readonly byteLength: number;
  /** Where each tensor stands, in the order of the file. */
  readonly offsets: ReadonlyMap<string, SafetensorsPlacement>;
}

/** The layout of a set of safetensors files, to the byte. */
export interface SafetensorsPlan {
  /** The files. */
  readonly shards: readonly SafetensorsShard[];
  /** The bytes of the file that says which tensor is where; `null` where there is one shard. */
  readonly index: Uint8Array<ArrayBuffer> | null;
  /** The name of the index file, should there be one. */
  readonly indexFileName: string;
}

const CHECKS: Checks<SafetensorsOptions> = {
  metadata: {
    wanted: "an object of strings",
    schema: { type: "object", additionalProperties: { type: "string" } },
    test: (value) =>
      typeof value === "object" && value !== null &&
      Object.entries(value).flat().every((s) => typeof s === "string" && s.isWellFormed()),
  },
  maxShardBytes: integer(1),
  baseName: {
    wanted: "the beginning of a file name",
    schema: { type: "string" },
    test: (value) => typeof value === "string" && isPlainFileName(value),
  },
};

/**
 * Lays out safetensors files before any number of their tensors is known.
 *
 * Tensors keep the order of `specs`; the same specs give the same bytes. Headers are filled up with
 * spaces to a multiple of 8, so that tensors are aligned as long as wide dtypes come first.
 *
 * @example Where a tensor will stand
 * ```ts
 * import { planSafetensors } from "@pare/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const { shards } = planSafetensors(new Map([["w", { dtype: "f32", shape: [2, 2] } as const]]));
 * assertEquals(shards[0].fileName, "model.safetensors");
 * assertEquals(shards[0].offsets.get("w")?.offset, shards[0].header.length);
 * assertEquals(shards[0].byteLength, shards[0].header.length + 16);
 * ```
 *
 * @param specs The dtype and shape of each tensor.
 * @param options What the files say of themselves, their names and largest size.
 * @returns The layout of each file.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If an option breaks its rule, a name or shape cannot be written, or a header
 *   would take more than 100 MB.
 */
export function planSafetensors(
  specs: ReadonlyMap<string, TensorSpec>,
  options: SafetensorsOptions = {},
): SafetensorsPlan {
  checkOptions("Cannot plan safetensors", options, CHECKS);
  const { metadata = {}, maxShardBytes = 5_000_000_000, baseName = "model" } = options;
  const groups: [string, TensorSpec][][] = [[]];
  const totals = [0];
  for (const [name, spec] of specs) {
    const byteLength = checkedByteLength(name, spec);
    const last = groups.length - 1;
    if (groups[last].length > 0 && totals[last] + byteLength > maxShardBytes) {
      groups.push([[name, spec]]);
      totals.push(byteLength);
    } else {
      groups[last].push([name, spec]);
      totals[last] += byteLength;
    }
  }
  const shards = groups.map((group, i) => {
    const fileName = groups.length === 1
      ? `${baseName}.safetensors`
      : `${baseName}-${fiveDigits(i + 1)}-of-${fiveDigits(groups.length)}.safetensors`;
    return planShard(fileName, group, metadata);
  });
  return {
    shards,
    index: shards.length === 1 ? null : indexOf(shards, totals),
    indexFileName: `${baseName}.safetensors.index.json`,
  };
}

function checkedByteLength(name: string, { dtype, shape }: TensorSpec): number {
  const action = `Cannot plan tensor ${quoted(name)}`;
  if (name === "__metadata__" || !name.isWellFormed()) {
    throw new RangeError(
      `${action} as its name must be whole characters and not "__metadata__": current name is ` +
        quoted(name),
    );
  }
  if (!Object.hasOwn(DTYPES, dtype)) {
    const known = Object.keys(DTYPES).join(", ");
    throw new RangeError(
      `${action} as its dtype must be one of ${known}: current value is ${quoted(dtype)}`,
    );
  }
  const byteLength = sizeOf(shape) * DTYPES[dtype].byteLength;
  const whole = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!whole || !Number.isSafeInteger(byteLength)) {
    throw new RangeError(
      `${action} as its shape must be of integers that count less than 2^53 bytes: ` +
        `current shape is ${quoted(shape)}`,
    );
  }
  return byteLength;
}

function planShard(
  fileName: string,
  group: readonly [string, TensorSpec][],
  metadata: Readonly<Record<string, string>>,
): SafetensorsShard {
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let position = 0;
  const ranges = group.map(([name, { dtype, shape }]) => {
    const begin = position;
    position += sizeOf(shape) * DTYPES[dtype].byteLength;
    const entry = { dtype: SAFETENSORS_NAMES[dtype], shape, data_offsets: [begin, position] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    return [begin, position];
  });
  const header = headerOf(fileName, `{${fields.join(",")}}`);
  const offsets = new Map(group.map(([name, { dtype, shape }], i) => {
    const [begin, end] = ranges[i];
    return [name, { dtype, shape, offset: header.length + begin, byteLength: end - begin }];
  }));
  return { fileName, header, byteLength: header.length + position, offsets };
}

function headerOf(fileName: string, json: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new RangeError(
      `Cannot plan "${fileName}" as its header must take at most ${MAX_HEADER_BYTES} bytes: ` +
        `current length is ${length}`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}

function indexOf(
  shards: readonly SafetensorsShard[],
  totals: readonly number[],
): Uint8Array<ArrayBuffer> {
  const total = totals.reduce((sum, byteLength) => sum + byteLength, 0);
  const weightMap = shards.flatMap(({ fileName, offsets }) =>
    [...offsets.keys()].map((name) => [name, fileName] as const)
  );
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(weightMap) };
  return new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`);
}

function fiveDigits(count: number): string {
  return String(count).padStart(5, "0");
}
