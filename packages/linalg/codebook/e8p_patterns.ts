// The absolute patterns of E8P: what is left of its vectors without their signs, in an order of which
// the position of a pattern is half of a code.
//
// A. Tseng et al., "QuIP#: Even Better LLM Quantization with Hadamard Incoherence and Lattice
// Codebooks", ICML 2024, arXiv:2402.04396, section 4.2. Of D8^ = { v in (Z + 1/2)^8 : Σ v_i even }:
//
//   227   all |v| with ‖v‖² <= 10, in lexicographic order
//    29   of those with ‖v‖² = 12 and entries 3/2 (five) and 1/2 (three), named by where the 1/2 stand
//
// Which 29 makes no difference to the error; these are the ones that files of the paper's authors
// mean. Every pattern has an entry 1/2, so that one sign can be flipped for the parity of Σ v_i.

/** Patterns that there are. */
export const PATTERNS = 256;

/**
 * Where the 29 patterns have their three entries 1/2, in their order: triples of the first four
 * positions, then one of these with two of the last four, then {0, 1, 4} and {2, 3, 7}.
 */
export function halfTriples(): readonly (readonly [number, number, number])[] {
  const pairs = [[6, 7], [5, 7], [4, 7], [5, 6], [4, 6], [4, 5]] as const;
  const withPairs = (first: number, count: number) =>
    pairs.slice(0, count).map(([j, k]) => [first, j, k] as const);
  return [
    [1, 2, 3],
    [0, 2, 3],
    [0, 1, 3],
    [0, 1, 2],
    ...withPairs(3, 6),
    ...withPairs(2, 6),
    ...withPairs(1, 5),
    [0, 4, 5],
    ...withPairs(0, 5),
    [0, 1, 4],
    [2, 3, 7],
  ];
}

/**
 * Makes the patterns.
 *
 * @returns 2 |v_i|, so 1, 3 or 5: `[256, 8]`.
 */
export function e8pPatterns(): Uint8Array<ArrayBuffer> {
  const patterns = new Uint8Array(PATTERNS * 8);
  let count = 0;
  // Lexicographic order is that of numbers with eight digits to the base of three.
  for (let number = 0; number < 3 ** 8; number++) {
    const pattern = Array.from(number.toString(3).padStart(8, "0"), (digit) => 2 * +digit + 1);
    const squares = pattern.reduce((sum, entry) => sum + entry * entry, 0);
    if (squares <= 4 * 10) patterns.set(pattern, 8 * count++);
  }
  for (const triple of halfTriples()) {
    patterns.fill(3, 8 * count, 8 * count + 8);
    for (const position of triple) patterns[8 * count + position] = 1;
    count++;
  }
  return patterns;
}

/** 1 where the numbers of a pattern, given twice as large, have an odd sum; else 0. */
export function oddness(pattern: Uint8Array): number {
  return pattern.reduce((sum, entry) => sum + entry, 0) / 2 % 2;
}

/** Seven signs and the eighth, so that the number of ones is odd, or even. */
export function withParity(signs: number, parity: number): number {
  const four = signs ^ signs >> 4;
  const two = four ^ four >> 2;
  return signs | ((two ^ two >> 1) & 1 ^ parity) << 7;
}
