// Trellis codes and the weights they stand for, as WGSL.

import { hasFourBytes } from "../trellis/trellis_code.ts";

/** As many lines of tiles end with a whole word. */
export const WORD_LINES = 4;

/** WGSL of `fn level_of(state) -> i32` where a weight and a state have so many bits. */
export function levelOf(bits: number, stateBits: number): string {
  const sevenBits = hasFourBytes(bits, stateBits) ? "(means.x + means.y) >> 2" : "means.y >> 1";
  return /* wgsl */ `
fn bytes_of(hash: u32) -> vec2u { return vec2u(hash & 255, (hash >> 8) & 255); }
fn level_of(state: u32) -> i32 {
  let means = (bytes_of(state * 0x5f5b) + bytes_of(state * 0x3d97) + 1) / 2;
  return 8 * i32(${sevenBits}) - 508;
}`;
}

/**
 * WGSL of `fn fetch_b(entry, row, col, end) -> vec4f`, for products: the weights of four rows, from a
 * multiple of four on, in one column.
 *
 * They lie in one tile, next to each other, in 3 · bits + stateBits bits, 28 at most. Where tiles are
 * made of whole words, two words have them; else bytes are gathered one by one. Both go around in the
 * circle that a tile is.
 *
 * The kernel has the arrays `codes` of u32 and `scales`, and the parameters `height` and `width` of a
 * tile, `tileBytes`, `lineBytes`, `rowScales`, 1 or 0, and the `mask` of a state.
 */
export function fetchTrellis(bits: number, stateBits: number, isWhole: boolean): string {
  const shifts = [0, 1, 2, 3].map((i) => `${i * bits}u`).join(", ");
  const window = isWhole
    ? `
  let words = p.tileBytes / 4;
  let first = p.codes_at + start / 4;
  let word = bit / 32;
  let shift = bit % 32;
  let low = codes[first + word] >> shift;
  if (shift == 0) { return low; }
  return low | (codes[first + (word + 1) % words] << (32 - shift));`
    : `
  var four = 0u;
  for (var i = 0u; i < 4; i++) {
    let byte = start + (bit / 8 + i) % p.tileBytes;
    four |= ((codes[p.codes_at + byte / 4] >> (byte % 4 * 8)) & 255) << (8 * i);
  }
  return four >> (bit % 8);`;
  return /* wgsl */ `
${levelOf(bits, stateBits)}
fn window_of(start: u32, bit: u32) -> u32 {${window}
}
fn fetch_b(entry: u32, row: u32, col: u32, end: u32) -> vec4f {
  if (row >= p.n || col >= end) { return vec4f(); }
  let start = row / p.height * p.lineBytes + col / p.width * p.tileBytes;
  let bit = (col % p.width * p.height + row % p.height) * ${bits};
  let states = (vec4u(window_of(start, bit)) >> vec4u(${shifts})) & vec4u(p.mask);
  let at = vec4u(p.scales_at) + min(vec4u(row) + vec4u(0, 1, 2, 3), vec4u(p.n - 1)) * p.rowScales;
  let levels = vec4f(vec4i(
    level_of(states.x),
    level_of(states.y),
    level_of(states.z),
    level_of(states.w),
  ));
  return levels * vec4f(scales[at.x], scales[at.y], scales[at.z], scales[at.w]);
}`;
}
