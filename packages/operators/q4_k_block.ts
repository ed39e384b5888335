// The 144 bytes of 256 weights in Q4_K, as llama.cpp stores them (ggml, `block_q4_K`).
//
//   bytes 0–1    d, f16, little-endian            bytes 4–15    eight scales and eight minima of 6 bits
//   bytes 2–3    dmin, f16                        bytes 16–143  256 codes of 4 bits
//
// Byte j of the twelve, j < 4, begins with scale j, and byte j + 4 with minimum j, six bits each; byte j + 4,
// 4 <= j < 8, has the lower four bits of scale j and above them those of minimum j, whose other two are the
// highest of byte j - 4 and of byte j. Of each 64 codes, byte i has code i and above it code i + 32.

/** Weights in a super-block. */
export const BLOCK_WEIGHTS = 256;
/** Bytes of a super-block. */
export const BLOCK_BYTES = 144;
/** Blocks of it that have a scale and a minimum of their own. */
export const INNER_BLOCKS = 8;
/** Weights in one of these. */
export const INNER_WEIGHTS = 32;

/** What a super-block holds: w = d · scale · code − dmin · minimum. */
export interface Q4kBlock {
  /** f16, raw bits. */
  readonly d: number;
  /** f16, raw bits. */
  readonly dmin: number;
  /** Eight, below 64. */
  readonly scales: Uint8Array;
  /** Eight, below 64. */
  readonly minima: Uint8Array;
  /** 256, below 16. */
  readonly codes: Uint8Array;
}

/** Packs a super-block. */
export function packQ4k({ d, dmin, scales, minima, codes }: Q4kBlock): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  bytes.set([d, d >> 8, dmin, dmin >> 8]);
  const packed = bytes.subarray(4, 16);
  for (let j = 0; j < 4; j++) {
    packed[j] = scales[j] | scales[j + 4] >> 4 << 6;
    packed[j + 4] = minima[j] | minima[j + 4] >> 4 << 6;
    packed[j + 8] = scales[j + 4] & 15 | (minima[j + 4] & 15) << 4;
  }
  for (let i = 0; i < BLOCK_WEIGHTS / 2; i++) {
    const from = codeOf(i);
    bytes[16 + i] = codes[from] | codes[from + 32] << 4;
  }
  return bytes;
}

/** Unpacks a super-block. */
export function unpackQ4k(bytes: Uint8Array): Q4kBlock {
  const scales = new Uint8Array(INNER_BLOCKS);
  const minima = new Uint8Array(INNER_BLOCKS);
  const packed = bytes.subarray(4, 16);
  for (let j = 0; j < 4; j++) {
    scales[j] = packed[j] & 63;
    minima[j] = packed[j + 4] & 63;
    scales[j + 4] = packed[j + 8] & 15 | packed[j] >> 6 << 4;
    minima[j + 4] = packed[j + 8] >> 4 | packed[j + 4] >> 6 << 4;
  }
  const codes = new Uint8Array(BLOCK_WEIGHTS);
  for (let i = 0; i < BLOCK_WEIGHTS / 2; i++) {
    const to = codeOf(i);
    codes[to] = bytes[16 + i] & 15;
    codes[to + 32] = bytes[16 + i] >> 4;
  }
  return { d: bytes[0] | bytes[1] << 8, dmin: bytes[2] | bytes[3] << 8, scales, minima, codes };
}

/** Which code stands in the lower bits of byte i. */
function codeOf(i: number): number {
  return (i >> 5) * 64 + i % 32;
}
