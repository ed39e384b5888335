// The nearest points of the codebooks of lattice codes, as reference/lattice_codebooks.ts finds them: in
// integers, so that they are the same there.
//
// A point is eight i32, 2 v_i. Sorted, z is kept as 8 z + i, so that no two are equal.

import { FARTHEST, GRID, TRIPLE_COUNT, TRIPLES } from "../../codebook/lattice_layout";
import { minusOf } from "./lattice_points";
import { zero } from "./simd";

// What a search keeps, from where it is given room.
const KEYS: usize = 32;
const SORTED: usize = 64;
/** Bytes of it. */
export const SEARCH_BYTES: usize = 96;

/** Writes eight numbers as multiples of 2^-14: i32. */
export function toGrid(u: usize, x: usize): void {
  const scale = f32x4.splat(<f32> GRID);
  const low = i32x4.splat(-FARTHEST), high = i32x4.splat(FARTHEST);
  for (let at: usize = 0; at < 32; at += 16) {
    // NaN becomes 0, and what is too large the largest there is.
    const rounded = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(u + at), scale)));
    v128.store(x + at, i32x4.max_s(low, i32x4.min_s(high, rounded)));
  }
}

@inline
function sumOf(x: usize): i32 {
  return sumOfLanes(i32x4.add(v128.load(x), v128.load(x, 16)));
}

/** Σ z. */
@inline
function sumOfSizes(x: usize): i32 {
  return sumOfLanes(i32x4.add(i32x4.abs(v128.load(x)), i32x4.abs(v128.load(x, 16))));
}

@inline
function sumOfLanes(four: v128): i32 {
  const two = i32x4.add(four, i64x2.shuffle(four, four, 1, 0));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

/** Writes 8 |y_i| + i, and the same from the largest to the smallest. */
function sort(room: usize): void {
  const a = i32x4.add(i32x4.shl(i32x4.abs(v128.load(room)), 3), i32x4(0, 1, 2, 3));
  const b = i32x4.add(i32x4.shl(i32x4.abs(v128.load(room, 16)), 3), i32x4(4, 5, 6, 7));
  v128.store(room + KEYS, a);
  v128.store(room + KEYS, b, 16);
  // How many are larger.
  let rankA = zero(), rankB = zero();
  for (let i: usize = 0; i < 32; i += 4) {
    const key = v128.load32_splat(room + KEYS + i);
    rankA = i32x4.sub(rankA, i32x4.gt_s(key, a));
    rankB = i32x4.sub(rankB, i32x4.gt_s(key, b));
  }
  const sorted = room + SORTED;
  store<i32>(sorted + (i32x4.extract_lane(rankA, 0) << 2), i32x4.extract_lane(a, 0));
  store<i32>(sorted + (i32x4.extract_lane(rankA, 1) << 2), i32x4.extract_lane(a, 1));
  store<i32>(sorted + (i32x4.extract_lane(rankA, 2) << 2), i32x4.extract_lane(a, 2));
  store<i32>(sorted + (i32x4.extract_lane(rankA, 3) << 2), i32x4.extract_lane(a, 3));
  store<i32>(sorted + (i32x4.extract_lane(rankB, 0) << 2), i32x4.extract_lane(b, 0));
  store<i32>(sorted + (i32x4.extract_lane(rankB, 1) << 2), i32x4.extract_lane(b, 1));
  store<i32>(sorted + (i32x4.extract_lane(rankB, 2) << 2), i32x4.extract_lane(b, 2));
  store<i32>(sorted + (i32x4.extract_lane(rankB, 3) << 2), i32x4.extract_lane(b, 3));
}

@inline
function keyAt(room: usize, rank: usize): i32 {
  return load<i32>(room + SORTED + (rank << 2));
}

/** z of that rank. */
@inline
function sizeAt(room: usize, rank: usize): i32 {
  return keyAt(room, rank) >> 3;
}

/** One bit for each of the first so many in order. */
@inline
function firstOf(room: usize, count: usize): i32 {
  let mask = 0;
  for (let rank: usize = 0; rank < count; rank++) mask |= 1 << (keyAt(room, rank) & 7);
  return mask;
}

/** Writes entries of sizes given by masks, with signs given by another. */
@inline
function writePoint(threes: i32, fives: i32, minus: i32, point: usize): void {
  for (let at: usize = 0; at < 32; at += 16) {
    const bits = at ? i32x4(16, 32, 64, 128) : i32x4(1, 2, 4, 8);
    const three = lanesOf(threes, bits), five = lanesOf(fives, bits), sign = lanesOf(minus, bits);
    // Lanes are −1 where a bit is set.
    const larger = i32x4.add(i32x4.shl(three, 1), i32x4.shl(five, 2));
    const entry = i32x4.sub(i32x4.splat(1), larger);
    v128.store(point + at, i32x4.sub(v128.xor(entry, sign), sign));
  }
}

/** All bits of the lanes whose bit of a mask is set. */
@inline
function lanesOf(mask: i32, bits: v128): v128 {
  return i32x4.eq(v128.and(i32x4.splat(mask), bits), bits);
}

/**
 * Writes the nearest point of E8P with that shift to eight numbers on the grid.
 *
 * @returns Twice what tells how near it is, up to what both shifts share.
 */
export function nearestE8p(
  x: usize,
  shift: i32,
  tables: usize,
  room: usize,
  point: usize,
): i32 {
  const quarter = i32x4.splat(shift * (GRID / 4));
  v128.store(room, i32x4.sub(v128.load(x), quarter));
  v128.store(room, i32x4.sub(v128.load(x, 16), quarter), 16);
  sort(room);
  let minus = minusOf(room);
  const isOdd = (popcnt(minus) & 1) != 0;
  const last = keyAt(room, 7);
  const least = last >> 3;
  // What it costs to flip a sign, where the number of entries 3/2 is even, and odd.
  const even = isOdd ? least : 0;
  const odd = isOdd ? 0 : least;
  let threes = 0, fives = 0;
  let flip = isOdd ? 1 << (last & 7) : 0;
  let best = -even;
  let run = 0;
  let gain = 0;
  const total = sumOfSizes(room);
  let count: usize = 0;
  for (let rank: usize = 0; rank < 4; rank++) {
    run += sizeAt(room, rank) - GRID;
    gain = run - ((rank & 1) != 0 ? even : odd);
    if (gain > best) {
      best = gain;
      count = rank + 1;
    }
  }
  // For five entries 3/2 this is the most that any may have.
  const most = run + sizeAt(room, 4) - GRID - odd;
  const first = 2 * sizeAt(room, 0) - 3 * GRID;
  let pair = false;
  if (first - even > best) {
    best = first - even;
    fives = firstOf(room, 1);
  }
  gain = first + sizeAt(room, 1) - GRID - odd;
  if (gain > best) {
    best = gain;
    fives = firstOf(room, 1);
    pair = true;
  }
  if (fives == 0) {
    threes = firstOf(room, count);
    flip = ((count & 1) != 0) != isOdd ? 1 << (last & 7) : 0;
  } else {
    threes = pair ? firstOf(room, 2) ^ fives : 0;
    flip = pair != isOdd ? 1 << (last & 7) : 0;
  }
  if (most > best) {
    const triples = tables + (TRIPLES << 2);
    for (let i: usize = 0; i < <usize> TRIPLE_COUNT; i++) {
      const triple = <i32> load<u8>(triples + i);
      // The keys of the three entries 1/2: the least of them is the one to flip.
      const j = ctz(triple), l = 31 - clz(triple);
      const k = ctz(triple & (triple - 1));
      const a = load<i32>(room + KEYS + (<usize> j << 2));
      const b = load<i32>(room + KEYS + (<usize> k << 2));
      const c = load<i32>(room + KEYS + (<usize> l << 2));
      const lowest = min(a, min(b, c));
      gain = total - 5 * GRID - (a >> 3) - (b >> 3) - (c >> 3) - (isOdd ? 0 : lowest >> 3);
      if (gain > best) {
        best = gain;
        threes = 255 ^ triple;
        fives = 0;
        flip = isOdd ? 0 : 1 << (lowest & 7);
      }
    }
  }
  minus ^= flip;
  writePoint(threes, fives, minus, point);
  return 2 * total + 4 * best + shift * sumOf(x);
}

/** Writes the nearest of 0, ± e_i ± e_j and ± 2 e_i, but − 2 e_7, and returns how near it is. */
export function nearestWhole(x: usize, room: usize, point: usize): i32 {
  v128.store(room, v128.load(x));
  v128.store(room, v128.load(x, 16), 16);
  sort(room);
  v128.store(point, zero());
  v128.store(point, zero(), 16);
  const first = <usize> (keyAt(room, 0) & 7), second = <usize> (keyAt(room, 1) & 7);
  const a = load<i32>(x + (first << 2)), b = load<i32>(x + (second << 2));
  const pair = 2 * (sizeAt(room, 0) + sizeAt(room, 1)) - 2 * GRID;
  const double = 4 * sizeAt(room, 0) - 4 * GRID;
  let score = 0;
  if (pair > score) {
    score = pair;
    store<i32>(point + (first << 2), a < 0 ? -2 : 2);
    store<i32>(point + (second << 2), b < 0 ? -2 : 2);
  }
  if (double > score && (first != 7 || a >= 0)) {
    score = double;
    store<i32>(point + (second << 2), 0);
    store<i32>(point + (first << 2), a < 0 ? -4 : 4);
  }
  return score;
}

/** Writes the nearest of (± 1/2)^8 with an even number of entries negative; after `nearestWhole`. */
export function nearestHalf(x: usize, room: usize, point: usize): i32 {
  let minus = minusOf(x);
  const isOdd = (popcnt(minus) & 1) != 0;
  const last = keyAt(room, 7);
  if (isOdd) minus ^= 1 << (last & 7);
  const total = sumOfSizes(room);
  writePoint(0, 0, minus, point);
  return total - 2 * GRID - (isOdd ? 2 * (last >> 3) : 0);
}
