// Where trellis codes lie: the first ten parameters of the operations on them.

import { divideUp, word } from "./memory";

/** What states are multiplied by for their two hashes, see trellis/trellis_code.ts. */
export const FIRST_MULTIPLIER: u32 = 0x5f5b;
export const SECOND_MULTIPLIER: u32 = 0x3d97;

@inline
export function scaleAt(row: usize): usize {
  return word(1) + row * word(2);
}

@inline
export function rowsOfAll(): usize {
  return word(3);
}

@inline
export function bitsOfWeight(): usize {
  return word(4);
}

@inline
export function bitsOfState(): usize {
  return word(5);
}

@inline
export function tileHeight(): usize {
  return word(6);
}

@inline
export function tileWidth(): usize {
  return word(7);
}

@inline
export function tileBytes(): usize {
  return word(8);
}

/** The address of a tile: the line it is in, and its number there. */
@inline
export function tileAt(line: usize, tile: usize): usize {
  return word(0) + line * word(9) + tile * word(8);
}

/** How many lines of tiles there are. */
@inline
export function tileLines(): usize {
  return divideUp(word(3), word(6));
}

/** What a state stands for where a weight and a state have so many bits. */
export function levelOf(state: u32, bits: usize, stateBits: usize): i32 {
  const first = state * FIRST_MULTIPLIER, second = state * SECOND_MULTIPLIER;
  const high = ((first >> 8 & 255) + (second >> 8 & 255) + 1) >> 1;
  const low = ((first & 255) + (second & 255) + 1) >> 1;
  const hasFourBytes = bits > 2 || (bits == 2 && stateBits > 12);
  return <i32> (8 * (hasFourBytes ? high + low >> 2 : high >> 1)) - 508;
}
