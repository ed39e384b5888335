// The code of the trellis quantizer: which number a state stands for, and where states lie.
//
// A. Tseng, Q. Sun, D. Hou and C. De Sa, "QTIP: Quantization with Trellises and Incoherence
// Processing", 2024, arXiv:2406.11235: the bitshift trellis, and codes that are computed instead of
// looked up. State s of L bits stands for an integer, its level, made of the bytes of two hashes of it:
//
//   h = s · a mod 2¹⁶,   g = s · b mod 2¹⁶,   a = 0x5F5B,   b = 0x3D97
//   m_1 = ⌈(⌊h / 2⁸⌋ + ⌊g / 2⁸⌋) / 2⌉,   m_0 = ⌈(h mod 2⁸ + g mod 2⁸) / 2⌉
//   u(s) = ⌊m_1 / 2⌋ for K = 1 bit a weight, and for K = 2 with L ≤ 12; else ⌊(m_1 + m_0) / 4⌋
//   v(s) = 8 u(s) − 508
//
// Two bytes have the distribution of a triangle, which serves two bits of few states as well as a normal
// one does; for more of either the tails count, and four bytes are nearer to it. All is of 16 bits, eight states to a vector,
// and the seven bits of u are the upper half of a number without conversion, see
// wasm/assembly/trellis_decode.ts. Of 1,500 pairs a and b this one errs least, for one to four bits
// together and L = 12; the next eight are within 2 %. The sum of the four bytes of one hash of 32 bits, by
// 0x83DCD12D, errs by 4, 0.4, 1 and 3 % more with L = 12, and by 1 % less with L = 16.
//
// A tile of T weights is a circular string of T·K bits, K of them to a weight: state i is what stands in
// the L bits from bit i·K on, lowest first. From one weight to the one before it, a state loses its K
// highest bits and takes K new ones in below, s_i = (s_{i+1} · 2^K + u_i) mod 2^L: the bitshift trellis,
// walked from the last weight to the first. With L = K the string is what packed integers are.

const FIRST_MULTIPLIER = 0x5f5b;
const SECOND_MULTIPLIER = 0x3d97;

/**
 * The integer that a state of a trellis stands for, from −508 to 508.
 *
 * @param state The state.
 * @param bits Bits of a weight.
 * @param stateBits Bits of a state.
 * @returns Its level.
 */
export function trellisLevel(state: number, bits: number, stateBits: number): number {
  const [first, second] = [state * FIRST_MULTIPLIER, state * SECOND_MULTIPLIER];
  const mean = (shift: number) => ((first >> shift & 255) + (second >> shift & 255) + 1) >> 1;
  const sevenBits = hasFourBytes(bits, stateBits) ? (mean(8) + mean(0)) >> 2 : mean(8) >> 1;
  return 8 * sevenBits - 508;
}

/**
 * The deviation of levels, over all states of 16 bits.
 *
 * @param bits Bits of a weight.
 * @param stateBits Bits of a state.
 * @returns Their root mean square.
 */
export function trellisDeviation(bits: number, stateBits: number): number {
  return hasFourBytes(bits, stateBits) ? 147.2886 : 209.0362;
}

/** Whether levels are made of four bytes, not of two. */
export function hasFourBytes(bits: number, stateBits: number): boolean {
  return bits > 2 || (bits === 2 && stateBits > 12);
}

/**
 * The state of one weight of a tile.
 *
 * @param tile The bytes of the tile, in which bits follow each other lowest first.
 * @param index The number of the weight in the tile.
 * @param bits Bits of a weight.
 * @param stateBits Bits of a state, up to 16.
 * @returns The state.
 */
export function trellisState(
  tile: ArrayLike<number>,
  index: number,
  bits: number,
  stateBits: number,
): number {
  const position = index * bits;
  let word = 0;
  for (let i = 0; i < 3; i++) word |= tile[((position >> 3) + i) % tile.length] << 8 * i;
  return word >> (position & 7) & (2 ** stateBits - 1);
}

/** The bytes of one tile. */
export function trellisTileBytes(tileHeight: number, tileWidth: number, bits: number): number {
  return tileHeight * tileWidth * bits / 8;
}
