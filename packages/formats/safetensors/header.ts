// The header of a safetensors file: a length N (u64, little-endian), N bytes of JSON
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {…}}, then the data, of
// which every byte belongs to exactly one tensor; offsets count from the first byte of the data.

import { type Dtype, DTYPES, FormatError, sizeOf, type TensorSpec } from "@pare/tensor";
import {
  expectEnd,
  type JsonCursor,
  readArray,
  readCount,
  readObject,
  readString,
  readText,
} from "../json.ts";
import { quoted } from "../names.ts";
import type { ByteSource } from "../source.ts";
import { MAX_HEADER_BYTES, SAFETENSORS_DTYPES } from "./dtypes.ts";

/** What a header says, checked against the length of the file. */
export interface SafetensorsHeader {
  /** What `__metadata__` says; empty if there is none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Every tensor's dtype and shape, in the order of the data. */
  readonly specs: ReadonlyMap<string, TensorSpec>;
  /** Where each tensor begins, counted from the first byte of the file. */
  readonly offsets: ReadonlyMap<string, number>;
}

interface Entry extends TensorSpec {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** Reads and checks the header of a safetensors file. */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const length = await readHeaderLength(source);
  const cursor = await readText(source, "header", length, 8, length);
  if (!cursor.text.startsWith("{")) {
    throw new FormatError(
      cursor.action,
      "header",
      `must begin with "{": current text is ${quoted(cursor.text.slice(0, 24))}`,
    );
  }
  let metadata: Readonly<Record<string, string>> = {};
  const entries: Entry[] = [];
  readObject(cursor, "header", (name) => {
    if (name === "__metadata__") metadata = readMetadata(cursor);
    else entries.push(readEntry(cursor, name));
  });
  expectEnd(cursor, "header");

  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(cursor.action, entries, 8 + length, source.byteLength);
  return {
    metadata,
    specs: new Map(entries.map(({ name, dtype, shape }) => [name, { dtype, shape }])),
    offsets: new Map(entries.map(({ name, begin }) => [name, 8 + length + begin])),
  };
}

async function readHeaderLength(source: ByteSource): Promise<number> {
  const action = `Cannot read "${source.name}"`;
  if (source.byteLength < 8) {
    throw new FormatError(
      action,
      "file length",
      `must be 8 bytes or more for safetensors: current length is ${source.byteLength}`,
    );
  }
  const bytes = await source.read(0, 8);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const most = Math.min(MAX_HEADER_BYTES, source.byteLength - 8);
  if (length > most) {
    const reason = most === MAX_HEADER_BYTES ? "" : ", what is left of the file";
    throw new FormatError(
      action,
      "header length",
      `must be at most ${most}${reason}: current value is ${length}`,
    );
  }
  return Number(length);
}

function readMetadata(cursor: JsonCursor): Readonly<Record<string, string>> {
  const entries: [string, string][] = [];
  readObject(cursor, "__metadata__", (key) => {
    entries.push([key, readString(cursor, `${quoted(key)} of __metadata__`)]);
  });
  return Object.fromEntries(entries);
}

function readEntry(cursor: JsonCursor, name: string): Entry {
  const tensor = `tensor ${quoted(name)}`;
  let dtype: Dtype | undefined;
  let shape: number[] | undefined;
  let range: number[] | undefined;
  readObject(cursor, tensor, (key) => {
    const field = `${key} of ${tensor}`;
    if (key === "dtype") dtype = readDtype(cursor, field);
    else if (key === "shape") shape = readCounts(cursor, field);
    else if (key === "data_offsets") range = readCounts(cursor, field);
    else {
      throw new FormatError(
        cursor.action,
        tensor,
        `must have no key but dtype, shape and data_offsets: current key is ${quoted(key)}`,
      );
    }
  });
  if (dtype === undefined || shape === undefined || range === undefined) {
    throw new FormatError(
      cursor.action,
      tensor,
      "must have dtype, shape and data_offsets: current value lacks " +
        Object.entries({ dtype, shape, data_offsets: range })
          .filter(([, value]) => value === undefined).map(([key]) => key).join(" and "),
    );
  }
  const [begin, end] = range;
  if (range.length !== 2 || end < begin) {
    throw new FormatError(
      cursor.action,
      `data_offsets of ${tensor}`,
      `must be a beginning and an end: current value is ${quoted(range)}`,
    );
  }
  checkSize(cursor.action, tensor, dtype, shape, end - begin);
  return { name, dtype, shape, begin, end };
}

function readDtype(cursor: JsonCursor, field: string): Dtype {
  const name = readString(cursor, field);
  const dtype = SAFETENSORS_DTYPES.get(name);
  if (dtype === undefined) {
    const known = [...SAFETENSORS_DTYPES.keys()].join(", ");
    throw new FormatError(
      cursor.action,
      field,
      `must be one of ${known}: current value is ${quoted(name)}`,
    );
  }
  return dtype;
}

function readCounts(cursor: JsonCursor, field: string): number[] {
  const counts: number[] = [];
  readArray(cursor, field, () => counts.push(readCount(cursor, field)));
  return counts;
}

function checkSize(
  action: string,
  tensor: string,
  dtype: Dtype,
  shape: readonly number[],
  byteLength: number,
): void {
  // Beyond 2^53 this is rounded, but no range is that long.
  const size = sizeOf(shape) * DTYPES[dtype].byteLength;
  if (size !== byteLength) {
    throw new FormatError(
      action,
      `data_offsets of ${tensor}`,
      `must span the ${size} bytes of ${dtype} ${quoted(shape)}: current span is ${byteLength}`,
    );
  }
}

function checkCover(
  action: string,
  entries: readonly Entry[],
  dataOffset: number,
  fileLength: number,
): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      throw new FormatError(
        action,
        `data_offsets of tensor ${quoted(name)}`,
        `must begin at ${position}, without hole or overlap: current value is [${begin}, ${end}]`,
      );
    }
    position = end;
  }
  if (dataOffset + position !== fileLength) {
    throw new FormatError(
      action,
      "file length",
      `must be the ${dataOffset + position} bytes that the header speaks of: ` +
        `current length is ${fileLength}`,
    );
  }
}
