// The headers of llama2.c, little-endian 32-bit integers:
//
//   version 0    dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len        28 bytes
//                a negative vocab_size says that the output matrix is not the embedding
//   version 1    "ak42" as 0x616b3432, 1, the same seven, one byte: 1 if the output matrix
//                is the embedding; zeros up to                                             256 bytes
//   version 2    as version 1 with 2, and after the byte the group size of the int8 codes  256 bytes

import { FormatError } from "@pare/tensor";
import type { ByteSource } from "../source.ts";

/** What the header of a llama2.c file says. */
export interface Llama2cHeader {
  /** 0 and 1 are f32, 2 is int8 in groups. */
  readonly version: 0 | 1 | 2;
  /** Width of the residual stream. */
  readonly dim: number;
  /** Width inside the MLP. */
  readonly hiddenDim: number;
  /** Blocks. */
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly kvHeads: number;
  /** Width of a head. */
  readonly headSize: number;
  /** Rows of the embedding. */
  readonly vocabularySize: number;
  /** The longest sequence. */
  readonly maxPositions: number;
  /** Whether the output matrix is the embedding. */
  readonly tied: boolean;
  /** How many int8 codes share a scale; 1 in versions 0 and 1, which have none. */
  readonly groupSize: number;
  /** Where the weights begin. */
  readonly byteLength: number;
}

/** The first four bytes of versions 1 and 2, read as an integer. */
export const LLAMA2C_MAGIC = 0x616b3432;

/** How many bytes tell which version a file is, and all that version 0 says. */
export const LLAMA2C_LEGACY_BYTES = 28;

const HEADER_BYTES = 256;

/** Reads and checks the header of a llama2.c file. */
export async function readLlama2cHeader(source: ByteSource): Promise<Llama2cHeader> {
  const bytes = await source.read(0, Math.min(source.byteLength, HEADER_BYTES));
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = failer(source);
  const legacy = bytes.length < 4 || header.getUint32(0, true) !== LLAMA2C_MAGIC;
  const byteLength = legacy ? LLAMA2C_LEGACY_BYTES : HEADER_BYTES;
  if (bytes.length < byteLength) {
    return fail("file length", `the ${byteLength} bytes of a header or more`, bytes.length);
  }
  if (legacy) {
    const vocabulary = header.getInt32(20, true);
    const sizes = readSizes(header, 0, Math.abs(vocabulary), fail);
    return { version: 0, ...sizes, tied: vocabulary > 0, groupSize: 1, byteLength };
  }
  const version = header.getInt32(4, true);
  if (version !== 1 && version !== 2) return fail("version", "1 or 2", version);
  const shared = header.getUint8(36);
  if (shared > 1) return fail("shared_classifier", "0 or 1", shared);
  const groupSize = version === 2 ? header.getInt32(37, true) : 1;
  if (groupSize < 1) return fail("group_size", "1 or more", groupSize);
  const sizes = readSizes(header, 8, header.getInt32(28, true), fail);
  return { version, ...sizes, tied: shared === 1, groupSize, byteLength };
}

type Fail = (field: string, wanted: string, found: number) => never;

function failer(source: ByteSource): Fail {
  return (field, wanted, found) => {
    throw new FormatError(
      `Cannot read llama2.c file "${source.name}"`,
      field,
      `must be ${wanted}: current value is ${found}`,
    );
  };
}

function readSizes(header: DataView, offset: number, vocabularySize: number, fail: Fail) {
  const checked = (field: string, value: number) =>
    value >= 1 ? value : fail(field, "1 or more", value);
  const size = (field: string, index: number) =>
    checked(field, header.getInt32(offset + 4 * index, true));
  const dim = size("dim", 0);
  const hiddenDim = size("hidden_dim", 1);
  const layers = size("n_layers", 2);
  const heads = size("n_heads", 3);
  const kvHeads = size("n_kv_heads", 4);
  checked("vocab_size", vocabularySize);
  const maxPositions = size("seq_len", 6);
  if (dim % (2 * heads) !== 0) fail("dim", `a multiple of twice its ${heads} heads`, dim);
  if (heads % kvHeads !== 0) fail("n_kv_heads", `a divisor of n_heads, ${heads}`, kvHeads);
  const headSize = dim / heads;
  return { dim, hiddenDim, layers, heads, kvHeads, headSize, vocabularySize, maxPositions };
}
