// The code of the trellis quantizer: which number a state stands for, and where states lie.
//
// A. Tseng, Q. Sun, D. Hou and C. De Sa, "QTIP: Quantization with Trellises and Incoherence
// Processing", 2024, arXiv:2406.11235: the bitshift trellis, and codes that are computed instead of
// looked up. State s of L bits stands for an integer, its level, the sum of the four bytes of a hash
// less what that is in the middle; over all states, levels have about the deviation of a normal number
// times 147.8005:
//
//   v(s) = Σ bytes of (s · a mod 2³²) − 510,   a = 0x83DCD12D
//
// States of fewer than 16 bits are hashed as they are: measured on 51,200 normal numbers at 2 bits, L =
// 12, that errs by 0.0717, moved to the top of 16 bits by 0.0731, and with the multiplier and constant
// 34038481 and 76625530 by 0.0733.
//
// A tile of T weights is a circular string of T·K bits, K of them to a weight: state i is what stands in
// the L bits from bit i·K on, lowest first. From one weight to the one before it, a state loses its K
// highest bits and takes K new ones in below, s_i = (s_{i+1} · 2^K + u_i) mod 2^L: the bitshift trellis,
// walked from the last weight to the first. With L = K the string is what packed integers are.

const MULTIPLIER = 0x83dcd12d;

/** The deviation of the levels of a trellis with many states. */
export const TRELLIS_DEVIATION = 147.8005;

/**
 * The integer that a state of a trellis stands for, from −510 to 510.
 *
 * @param state The state.
 * @returns Its level.
 */
export function trellisLevel(state: number): number {
  const hash = Math.imul(state, MULTIPLIER);
  return (hash & 255) + (hash >>> 8 & 255) + (hash >>> 16 & 255) + (hash >>> 24) - 510;
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
