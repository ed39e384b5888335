// E8P: 2^16 points of the lattice E8 + 1/4, two bits for each of eight numbers.
//
// A. Tseng et al., "QuIP#", ICML 2024, arXiv:2402.04396, section 4.2. Its points are v + 1/4 and v − 1/4
// for the vectors v of D8^ whose absolute pattern is one of 256, see e8p_patterns.ts. As Σ v_i is even
// and flipping one sign changes the sum by an odd number, seven signs tell the eighth:
//
//   bits 0 … 6    1 where entry 0 … 6 of v is negative
//   bit 7         0 for + 1/4, 1 for − 1/4
//   bits 8 … 15   the pattern a; entry 7 is negative iff bits 0 … 6 have an odd number of ones, or
//                 Σ a_i is odd, and not both
//
// Departs from the paper: the order of the bits, which the files of its authors have as eight signs
// whose parity is the shift.
//
// Three bits take a second codebook of 256 points for what is left: of E8, all with ‖v‖² <= 2 and all of
// ± 2 e_i but one.
//
//   0 … 127     (± 1/2)^8, bits 0 … 6 as above, an even number of entries negative
//   128 … 239   ± e_i ± e_j, i < j: 128 + 4 p + s, p the place of (i, j) in lexicographic order, s of
//               two bits: whether e_i, and e_j, is negative
//   240         0
//   241 … 255   2 e_0 … 2 e_7, − 2 e_0 … − 2 e_6

import { e8pPatterns, oddness, PATTERNS, withParity } from "./e8p_patterns.ts";

/** The numbers that one codeword stands for. */
export const E8P_BLOCK = 8;

/** Codewords. */
const COUNT = 2 ** 16;

/**
 * Makes the codebook E8P: 65,536 codewords of eight numbers, 512 KiB.
 *
 * @example Codewords have at least the distance √2
 * ```ts
 * import { e8pCodebook } from "@pare/linalg";
 * import { assertEquals } from "@std/assert";
 *
 * const codebook = e8pCodebook();
 * assertEquals(codebook.subarray(0, 8), Int8Array.of(3, 3, 3, 3, 3, 3, 3, 3));
 * assertEquals(codebook.subarray(8 * 0x80, 8 * 0x81), Int8Array.of(1, 1, 1, 1, 1, 1, 1, 1));
 * ```
 *
 * @returns Four times each number, an odd integer from −11 to 11; by code, `[65536, 8]`.
 */
export function e8pCodebook(): Int8Array<ArrayBuffer> {
  const codebook = new Int8Array(COUNT * E8P_BLOCK);
  const patterns = e8pPatterns();
  for (let pattern = 0; pattern < PATTERNS; pattern++) {
    const entries = patterns.subarray(8 * pattern, 8 * pattern + 8);
    const isOdd = oddness(entries);
    for (let low = 0; low < 256; low++) {
      const shift = low & 128 ? -1 : 1;
      const minus = withParity(low & 127, isOdd);
      const at = (256 * pattern + low) * E8P_BLOCK;
      entries.forEach((entry, i) => {
        codebook[at + i] = 2 * (minus >> i & 1 ? -entry : entry) + shift;
      });
    }
  }
  return codebook;
}

/**
 * Makes the codebook of what a codeword of E8P leaves, for three bits in all: 256 codewords of eight.
 *
 * @example The codeword of zeros
 * ```ts
 * import { e8pResidualCodebook } from "@pare/linalg";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(e8pResidualCodebook().subarray(8 * 240, 8 * 241), new Int8Array(8));
 * ```
 *
 * @returns Four times each number, an even integer from −8 to 8; by code, `[256, 8]`.
 */
export function e8pResidualCodebook(): Int8Array<ArrayBuffer> {
  const codebook = new Int8Array(256 * E8P_BLOCK);
  for (let signs = 0; signs < 128; signs++) {
    const minus = withParity(signs, 0);
    for (let i = 0; i < 8; i++) codebook[8 * signs + i] = minus >> i & 1 ? -2 : 2;
  }
  let code = 128;
  for (let i = 0; i < 8; i++) {
    for (let j = i + 1; j < 8; j++) {
      for (let signs = 0; signs < 4; signs++, code++) {
        codebook[8 * code + i] = signs & 1 ? -4 : 4;
        codebook[8 * code + j] = signs & 2 ? -4 : 4;
      }
    }
  }
  for (let i = 0; i < 8; i++) codebook[8 * (241 + i) + i] = 8;
  for (let i = 0; i < 7; i++) codebook[8 * (249 + i) + i] = -8;
  return codebook;
}
