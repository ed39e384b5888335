// What devices need to know of E8P to encode and to decode it, in one array of 22 KiB; see
// lattice_layout.ts.

import type { Kernels } from "../kernels.ts";
import { e8pResidualCodebook } from "./e8p.ts";
import { e8pPatterns, halfTriples, PATTERNS } from "./e8p_patterns.ts";
import {
  FIVES,
  PATTERN_FLOATS,
  PATTERN_WORDS,
  RESIDUAL_FLOATS,
  RESIDUAL_WORDS,
  SIGN_MASKS,
  TABLE_WORDS,
  THREES,
  TRIPLES,
} from "./lattice_layout.ts";

/** Makes the tables. */
export function latticeTables(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(TABLE_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const floats = new Float32Array(words.buffer);
  const patterns = e8pPatterns();
  const residual = e8pResidualCodebook();
  for (let a = 0; a < PATTERNS; a++) {
    const entries = patterns.subarray(8 * a, 8 * a + 8);
    const isOdd = entries.reduce((sum, entry) => sum + entry, 0) / 2 % 2;
    const five = entries.indexOf(5);
    const threes = entries.reduce((mask, entry, i) => mask | Number(entry === 3) << i, 0);
    if (five < 0) bytes[4 * THREES + threes] = a;
    else bytes[4 * FIVES + 8 * five + (threes ? Math.log2(threes) : five)] = a;
    for (let i = 0; i < 8; i++) {
      words[PATTERN_WORDS + a] |= entries[i] << 4 * i;
      words[RESIDUAL_WORDS + a] |= (residual[8 * a + i] / 2 + 8) << 4 * i;
      floats[PATTERN_FLOATS + 8 * a + i] = (i === 7 && isOdd ? -entries[i] : entries[i]) / 2;
      floats[RESIDUAL_FLOATS + 8 * a + i] = residual[8 * a + i] / 4;
    }
    words[PATTERN_WORDS + a] |= isOdd << 31;
  }
  for (const [i, triple] of halfTriples().entries()) {
    bytes[4 * TRIPLES + i] = triple.reduce((mask, position) => mask | 1 << position, 0);
  }
  for (let signs = 0; signs < 128; signs++) {
    let last = 0;
    for (let i = 0; i < 7; i++) {
      words[SIGN_MASKS + 8 * signs + i] = signs >> i << 31;
      last ^= signs >> i & 1;
    }
    words[SIGN_MASKS + 8 * signs + 7] = last << 31;
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
