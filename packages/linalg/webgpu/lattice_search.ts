// The nearest points of the codebooks of lattice codes, as WGSL: in integers, as
// reference/lattice_codebooks.ts finds them.

import {
  FARTHEST,
  FIVES,
  GRID,
  THREES,
  TRIPLE_COUNT,
  TRIPLES,
} from "../codebook/lattice_layout.ts";

/**
 * WGSL of the types `Eight`, of f32, `Whole`, of i32, and `Point`, 2 v and a score, and of
 *
 * - `fn to_grid(u) -> Whole`;
 * - `fn nearest(x, shift, is_residual) -> Point`, of E8P with a shift of 1 or −1, or of the codebook of
 *   residuals: with whole entries for 1, half ones for −1;
 * - `fn code_of(twice, shift)`, `fn entries_of(twice, shift) -> Eight` and `fn belongs(twice, shift)`,
 *   whether a point belongs to E8P; or for the shift 0 to the codebook of residuals.
 *
 * The kernel has the array `tables`.
 *
 * @param hasResiduals Whether that codebook is wanted too.
 */
export function latticeSearch(hasResiduals: boolean): string {
  return /* wgsl */ `
${SEARCH_E8P}
${hasResiduals ? SEARCH_RESIDUALS : ""}
fn nearest(x: Whole, shift: i32, is_residual: bool) -> Point {
  ${hasResiduals ? "if (is_residual) { return nearest_residual(x, shift > 0); }" : ""}
  return nearest_e8p(x, shift);
}
fn belongs(twice: Whole, shift: i32) -> bool {
  var squares = 0;
  for (var i = 0; i < 8; i++) { squares += twice[i] * twice[i]; }
  if (shift == 0) {
    return squares <= 8 || (squares == 16 && mask_of(twice, 4) != 0 && twice[7] > -4);
  }
  if (squares != 48) { return squares < 48; }
  let threes = mask_of(twice, 3);
  return countOneBits(threes) == 5 && byte_at(${4 * THREES} + threes) != 0;
}
fn entries_of(twice: Whole, shift: i32) -> Eight {
  var entries: Eight;
  for (var i = 0; i < 8; i++) { entries[i] = f32(twice[i]) * 0.5 + f32(shift) * 0.25; }
  return entries;
}
fn code_of(twice: Whole, shift: i32) -> u32 {
  ${hasResiduals ? "if (shift == 0) { return code_of_residual(twice); }" : ""}
  let threes = mask_of(twice, 3);
  let fives = mask_of(twice, 5);
  let first = firstTrailingBit(fives);
  var at = ${4 * THREES} + threes;
  if (fives != 0) { at = ${
    4 * FIVES
  } + 8 * first + select(firstTrailingBit(threes), first, threes == 0); }
  return (byte_at(at) << 8) | select(0u, 128u, shift < 0) | (minus_of(twice) & 127);
}`;
}

const SEARCH_E8P = /* wgsl */ `
alias Eight = array<f32, 8>;
alias Whole = array<i32, 8>;
struct Point { twice: Whole, score: i32 }
const GRID = ${GRID};

fn byte_at(at: u32) -> u32 {
  return (tables[p.tables_at + at / 4] >> (8 * (at % 4))) & 255;
}
fn on_grid(u: f32) -> i32 {
  // Bits are tested, which no compiler skips: NaN counts as 0, what is too large as the largest.
  let size = bitcast<u32>(u) & 0x7fffffff;
  if (size > 0x7f800000) { return 0; }
  if (size >= bitcast<u32>(${FARTHEST / GRID}.0)) {
    return select(${FARTHEST}, -${FARTHEST}, (bitcast<u32>(u) >> 31) == 1);
  }
  return i32(round(u * ${GRID}.0));
}
fn to_grid(u: Eight) -> Whole {
  var x: Whole;
  for (var i = 0; i < 8; i++) { x[i] = on_grid(u[i]); }
  return x;
}
fn minus_of(x: Whole) -> u32 {
  var mask = 0u;
  for (var i = 0u; i < 8; i++) { mask |= select(0u, 1u << i, x[i] < 0); }
  return mask;
}
fn sum_of(x: Whole) -> i32 {
  return x[0] + x[1] + x[2] + x[3] + x[4] + x[5] + x[6] + x[7];
}
/** 8 |y_i| + i. */
fn keys_of(y: Whole) -> Whole {
  var keys: Whole;
  for (var i = 0; i < 8; i++) { keys[i] = 8 * abs(y[i]) + i; }
  return keys;
}
/** From the largest to the smallest. */
fn sorted(keys: Whole) -> Whole {
  var result: Whole;
  for (var i = 0; i < 8; i++) {
    var rank = 0;
    for (var j = 0; j < 8; j++) { rank += select(0, 1, keys[j] > keys[i]); }
    result[rank] = keys[i];
  }
  return result;
}
fn bit_of(key: i32) -> u32 { return 1u << u32(key & 7); }
fn point_of(threes: u32, fives: u32, minus: u32) -> Whole {
  var twice: Whole;
  for (var i = 0u; i < 8; i++) {
    let entry = 1 + 2 * i32((threes >> i) & 1) + 4 * i32((fives >> i) & 1);
    twice[i] = select(entry, -entry, ((minus >> i) & 1) == 1);
  }
  return twice;
}

fn nearest_e8p(x: Whole, shift: i32) -> Point {
  var y: Whole;
  for (var i = 0; i < 8; i++) { y[i] = x[i] - shift * (GRID / 4); }
  let keys = keys_of(y);
  let order = sorted(keys);
  let minus = minus_of(y);
  let is_odd = (countOneBits(minus) & 1) != 0;
  // What it costs to flip a sign, where the number of entries 3/2 is even, and odd.
  let least = order[7] >> 3;
  let even = select(0, least, is_odd);
  let odd = select(least, 0, is_odd);
  var total = 0;
  for (var rank = 0; rank < 8; rank++) { total += order[rank] >> 3; }
  var best = -even;
  var threes = 0u;
  var fives = 0u;
  var flip = select(0u, bit_of(order[7]), is_odd);
  let last = bit_of(order[7]);
  var run = 0;
  var mask = 0u;
  for (var rank = 0; rank < 4; rank++) {
    run += (order[rank] >> 3) - GRID;
    mask |= bit_of(order[rank]);
    let is_even = (rank & 1) != 0;
    let gain = run - select(odd, even, is_even);
    if (gain > best) {
      best = gain;
      threes = mask;
      flip = select(0u, last, is_even == is_odd);
    }
  }
  let most = run + (order[4] >> 3) - GRID - odd;
  let five = 2 * (order[0] >> 3) - 3 * GRID;
  if (five - even > best) {
    best = five - even;
    threes = 0;
    fives = bit_of(order[0]);
    flip = select(0u, last, is_odd);
  }
  let pair = five + (order[1] >> 3) - GRID - odd;
  if (pair > best) {
    best = pair;
    threes = bit_of(order[1]);
    fives = bit_of(order[0]);
    flip = select(last, 0u, is_odd);
  }
  if (most > best) {
    for (var i = 0u; i < ${TRIPLE_COUNT}; i++) {
      let triple = byte_at(${4 * TRIPLES} + i);
      let a = keys[firstTrailingBit(triple)];
      let b = keys[firstTrailingBit(triple & (triple - 1))];
      let c = keys[firstLeadingBit(triple)];
      let lowest = min(a, min(b, c));
      let gain = total - 5 * GRID - (a >> 3) - (b >> 3) - (c >> 3) -
        select(lowest >> 3, 0, is_odd);
      if (gain > best) {
        best = gain;
        threes = 255 ^ triple;
        fives = 0;
        flip = select(bit_of(lowest), 0u, is_odd);
      }
    }
  }
  return Point(point_of(threes, fives, minus ^ flip), 2 * total + 4 * best + shift * sum_of(x));
}
fn mask_of(twice: Whole, size: i32) -> u32 {
  var mask = 0u;
  for (var i = 0u; i < 8; i++) { mask |= select(0u, 1u << i, abs(twice[i]) == size); }
  return mask;
}`;

const SEARCH_RESIDUALS = /* wgsl */ `
fn nearest_residual(x: Whole, is_whole: bool) -> Point {
  let order = sorted(keys_of(x));
  var result: Point;
  if (!is_whole) {
    let minus = minus_of(x);
    let is_odd = (countOneBits(minus) & 1) != 0;
    var total = 0;
    for (var rank = 0; rank < 8; rank++) { total += order[rank] >> 3; }
    result.score = total - 2 * GRID - select(0, 2 * (order[7] >> 3), is_odd);
    result.twice = point_of(0, 0, minus ^ select(0u, bit_of(order[7]), is_odd));
    return result;
  }
  let first = order[0] & 7;
  let second = order[1] & 7;
  let pair = 2 * ((order[0] >> 3) + (order[1] >> 3)) - 2 * GRID;
  let double = 4 * (order[0] >> 3) - 4 * GRID;
  if (pair > 0) {
    result.score = pair;
    result.twice[first] = select(2, -2, x[first] < 0);
    result.twice[second] = select(2, -2, x[second] < 0);
  }
  if (double > result.score && (first != 7 || x[7] >= 0)) {
    result.score = double;
    result.twice[second] = 0;
    result.twice[first] = select(4, -4, x[first] < 0);
  }
  return result;
}
fn code_of_residual(twice: Whole) -> u32 {
  let minus = minus_of(twice);
  let places = 255 ^ mask_of(twice, 0);
  let count = countOneBits(places);
  if (count == 8) { return minus & 127; }
  if (count == 0) { return 240; }
  let i = firstTrailingBit(places);
  if (count == 1) { return select(241u, 249u, minus != 0) + i; }
  let j = firstLeadingBit(places);
  let pair = i * (15 - i) / 2 + j - i - 1;
  return 128 + 4 * pair + ((minus >> i) & 1) + 2 * ((minus >> j) & 1);
}`;
