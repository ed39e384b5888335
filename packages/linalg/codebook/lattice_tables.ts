// What devices need to know of E8P to encode and to decode it, in one array of 8 KiB; see
// lattice_layout.ts.

import type { Kernels } from "../kernels.ts";
import { e8pResidualCodebook } from "./e8p.ts";
import { e8pPatterns, halfTriples, oddness, PATTERNS } from "./e8p_patterns.ts";
import {
  FIVES,
  PATTERN_BYTES,
  PATTERN_WORDS,
  RESIDUAL_BYTES,
  RESIDUAL_WORDS,
  SIGN_BYTES,
  TABLE_WORDS,
  THREES,
  TRIPLES,
} from "./lattice_layout.ts";

/** Makes the tables. */
export function latticeTables(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(TABLE_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const signed = new Int8Array(words.buffer);
  const patterns = e8pPatterns();
  const residual = e8pResidualCodebook();
  for (let a = 0; a < PATTERNS; a++) {
    const entries = patterns.subarray(8 * a, 8 * a + 8);
    const isOdd = oddness(entries);
    const five = entries.indexOf(5);
    const threes = entries.reduce((mask, entry, i) => mask | Number(entry === 3) << i, 0);
    if (five < 0) bytes[4 * THREES + threes] = a;
    else bytes[4 * FIVES + 8 * five + (threes ? Math.log2(threes) : five)] = a;
    for (let i = 0; i < 8; i++) {
      words[PATTERN_WORDS + a] |= entries[i] << 4 * i;
      words[RESIDUAL_WORDS + a] |= (residual[8 * a + i] / 2 + 8) << 4 * i;
      const whole = (entries[i] - 1) / 2;
      signed[4 * PATTERN_BYTES + 8 * a + i] = i === 7 && isOdd ? ~whole : whole;
      signed[4 * RESIDUAL_BYTES + 8 * a + i] = residual[8 * a + i] / 2;
    }
    words[PATTERN_WORDS + a] |= isOdd << 31;
  }
  for (const [i, triple] of halfTriples().entries()) {
    bytes[4 * TRIPLES + i] = triple.reduce((mask, position) => mask | 1 << position, 0);
  }
  for (let code = 0; code < 256; code++) {
    let last = 0;
    for (let i = 0; i < 7; i++) {
      signed[4 * SIGN_BYTES + 8 * code + i] = -(code >> i & 1);
      last ^= code >> i & 1;
    }
    signed[4 * SIGN_BYTES + 8 * code + 7] = -last;
  }
  return words;
}

/** Hands out the tables on a device, which are made once and live as long as its kernels do. */
export function createLatticeTables<S>(kernels: Kernels<S>): () => S {
  let made: S | undefined;
  return () => {
    if (made !== undefined) return made;
    const words = latticeTables();
    made = kernels.allocate("u32", words.length);
    kernels.upload(made, "u32", words);
    return made;
  };
}
