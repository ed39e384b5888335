// Codes of a lattice and the weights they stand for, as WGSL.

import { PATTERN_WORDS, RESIDUAL_WORDS } from "../codebook/lattice_layout.ts";

/**
 * WGSL of
 *
 * - `fn e8p_of(code) -> mat2x4f`: the eight entries of a codeword of E8P;
 * - `fn residual_of(code) -> mat2x4f`: those of the codebook of residuals.
 *
 * The kernel has the array `tables`, see codebook/lattice_layout.ts.
 */
export const CODEWORDS: string = /* wgsl */ `
const FIRST_FOUR = vec4u(0, 1, 2, 3);
fn signed_of(sizes: vec4u, minus: vec4u) -> vec4f {
  return select(vec4f(sizes), -vec4f(sizes), (minus & vec4u(1)) == vec4u(1)) * 0.5;
}
fn e8p_of(code: u32) -> mat2x4f {
  let sizes = tables[p.tables_at + ${PATTERN_WORDS} + (code >> 8)];
  let signs = code & 127;
  let minus = signs | (((countOneBits(signs) & 1) ^ (sizes >> 31)) << 7);
  let low = (vec4u(sizes) >> (4 * FIRST_FOUR)) & vec4u(7);
  let high = (vec4u(sizes) >> (4 * FIRST_FOUR + 16)) & vec4u(7);
  let shift = select(0.25, -0.25, (code & 128) != 0);
  return mat2x4f(
    signed_of(low, vec4u(minus) >> FIRST_FOUR) + shift,
    signed_of(high, vec4u(minus) >> (FIRST_FOUR + 4)) + shift,
  );
}
fn residual_of(code: u32) -> mat2x4f {
  let entries = tables[p.tables_at + ${RESIDUAL_WORDS} + code];
  let low = vec4f((vec4u(entries) >> (4 * FIRST_FOUR)) & vec4u(15)) - 8;
  let high = vec4f((vec4u(entries) >> (4 * FIRST_FOUR + 16)) & vec4u(15)) - 8;
  return mat2x4f(low * 0.5, high * 0.5);
}`;

/**
 * WGSL of `fn weights_of(row, block) -> mat2x4f`, eight weights of a row, and of
 * `fn fetch_b(entry, row, col, end) -> vec4f`, for `tiledProduct`: four of them from a multiple of four
 * on.
 *
 * The kernel has the arrays `codes` of u32 and `scales`, and the parameters `rowWords`, `blocks`,
 * `scaleStep`, 0 for one scale in all, and `factor`, of residuals.
 */
export function fetchLattice(bits: number): string {
  const second = bits === 2 ? "" : bits === 3
    ? `
  let at = 2 * p.blocks + block;
  let byte = (codes[first + at / 4] >> (8 * (at % 4))) & 255;
  weights += p.factor * residual_of(byte);`
    : `
  weights += p.factor * e8p_of(half_at(first, p.blocks + block));`;
  return /* wgsl */ `
${CODEWORDS}
fn half_at(first: u32, index: u32) -> u32 {
  return (codes[first + index / 2] >> (16 * (index % 2))) & 0xffff;
}
fn weights_of(row: u32, block: u32) -> mat2x4f {
  let first = p.codes_at + row * p.rowWords;
  var weights = e8p_of(half_at(first, block));${second}
  return scales[p.scales_at + row * p.scaleStep] * weights;
}
fn fetch_b(entry: u32, row: u32, col: u32, end: u32) -> vec4f {
  if (row >= p.n || col >= end) { return vec4f(); }
  return weights_of(row, col / 8)[col / 4 % 2];
}`;
}
