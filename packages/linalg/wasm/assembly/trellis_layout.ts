// Where trellis codes lie: the first ten parameters of the operations on them.

import { divideUp, word } from "./memory";

export const MULTIPLIER: i32 = 0x83dcd12d;

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

/** What a state stands for. */
@inline
export function levelOf(state: i32): i32 {
  const hash = <u32> (state * MULTIPLIER);
  return <i32> ((hash & 255) + (hash >> 8 & 255) + (hash >> 16 & 255) + (hash >> 24)) - 510;
}
