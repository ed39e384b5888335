// How integer codes are taken out of their bytes several at a time.
//
// A load brings the codes of a step, and one swizzle gives each of four 32-bit lanes a run of them of
// its own: eight codes of up to four bits, or four of any. Of a lane the lower half of its codes is
// masked out where it stands, and after one shift the upper half by the same masks.

import { word } from "./memory";

/** Codes of a step: up to four bits each, in groups of whole steps. */
export const LONG_STEP: usize = 32;
/** Codes of a step: any bits. */
export const SHORT_STEP: usize = 16;

/** How many codes are taken at a time. */
export function codesOfStep(): usize {
  return word(7) <= 4 && (word(9) == 0 || word(8) % LONG_STEP == 0) ? LONG_STEP : SHORT_STEP;
}

/** Codes of a lane that are masked out of it before it is shifted. */
@inline
export function maskedCodes(step: usize): usize {
  return step / 8;
}

/** The bit that the first code of a lane begins with: four odd codes are not whole bytes. */
@inline
export function firstBit(step: usize): usize {
  return step == SHORT_STEP && word(7) % 2 ? 4 : 0;
}

/** Writes the bytes of each lane, and what the lanes of a short step are multiplied by. */
export function writeLanes(step: usize, lanes: usize): void {
  for (let lane: usize = 0; lane < 4; lane++) {
    const bit = lane * step / 4 * word(7);
    for (let i: usize = 0; i < 4; i++) {
      // What lies behind the last code of a lane is masked, whatever it is.
      store<u8>(lanes + 4 * lane + i, <u8> min<usize>(15, bit / 8 + i));
    }
    store<u32>(lanes + 4 * lane, 1 << <u32> (firstBit(step) - bit % 8), 16);
  }
}
