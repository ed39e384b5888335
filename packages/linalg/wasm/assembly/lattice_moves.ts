// The neighbours of a point that a descent by a metric M goes on to: ± e_i ± e_j or ± 2 e_i apart.
//
// By moving two entries by two (points are 2 v), with g = M (u − c), (u − c) M (u − c)ᵀ changes by
//
//   M_ii + M_jj ± 2 M_ij − |2 g_i ± 2 g_j|
//
// towards the sign of g_i ± g_j; for j = i that is one entry by four. Four j are looked at at a time.

import {
  E8P_SQUARES,
  isOuterE8p,
  isOuterResidual,
  MOST_E8P_SQUARES,
  MOST_RESIDUAL_SQUARES,
  RESIDUAL_SQUARES,
  squaresOf,
  threesOf,
} from "./lattice_points";

// What a move keeps, from where it is given room.
const TWICE: usize = 0;
const CHANGES: usize = 32;
const MOVED: usize = 64;
/** Bytes of it. */
export const MOVE_BYTES: usize = 96;

/** The codebook of residuals, where others give a shift of 1 or −1. */
export const NO_SHIFT: i32 = 0;

/** Where a metric has what its pairs of entries cost, behind its eight rows. */
const PAIRS: usize = 256;
/** Bytes of a metric. */
export const METRIC_BYTES: usize = PAIRS + 12 * 32;

/**
 * Writes M_ii + M_jj ± 2 M_ij of a metric behind it, four j after four j of one i after the other; without
 * limit where j < i, as that pair was met before.
 */
export function writePairs(metric: usize): void {
  let pairs = metric + PAIRS;
  for (let i: usize = 0; i < 8; i++) {
    for (let first = i & 4; first < 8; first += 4, pairs += 32) {
      for (let j = first; j < first + 4; j++) {
        const both = load<f32>(metric + 36 * i) + load<f32>(metric + 36 * j);
        const product = load<f32>(metric + 32 * i + 4 * j);
        const across = product + product;
        store<f32>(pairs + 4 * (j - first), j < i ? <f32> Infinity : both + across);
        store<f32>(pairs + 4 * (j - first), j < i ? <f32> Infinity : both - across, 16);
      }
    }
  }
}

/**
 * Moves a point to its nearest neighbour by the metric, if that is nearer, and tells whether it was.
 *
 * @param gradient Where g is.
 */
export function moveNearer(
  metric: usize,
  gradient: usize,
  shift: i32,
  tables: usize,
  room: usize,
  point: usize,
): bool {
  const twice = room + TWICE;
  let low = v128.load(gradient), high = v128.load(gradient, 16);
  low = f32x4.add(low, low);
  high = f32x4.add(high, high);
  if (!hasNearer(metric + PAIRS, low, high)) return false;
  const isResidual = shift == NO_SHIFT;
  const squares = squaresOf(point);
  const most = isResidual ? MOST_RESIDUAL_SQUARES : MOST_E8P_SQUARES;
  const limit = i32x4.splat((most - squares - 8) >> 2);
  const threes = threesOf(point);
  let best: f32 = 0;
  let bestI: usize = 0, bestJ: usize = 0;
  let bestByI = 0, bestByJ = 0;
  v128.store(twice, low);
  v128.store(twice, high, 16);
  let pairs = metric + PAIRS;
  for (let i: usize = 0; i < 8; i++) {
    const gi = v128.load32_splat(twice + 4 * i);
    const pi = v128.load32_splat(point + 4 * i);
    for (let first = i & 4; first < 8; first += 4, pairs += 32) {
      const gj = v128.load(twice + 4 * first);
      const pj = v128.load(point + 4 * first);
      const sum = f32x4.add(gi, gj), difference = f32x4.sub(gi, gj);
      const same = f32x4.sub(v128.load(pairs), f32x4.abs(sum));
      const opposite = f32x4.sub(v128.load(pairs, 16), f32x4.abs(difference));
      const than = f32x4.splat(best);
      const places = i32x4.bitmask(f32x4.lt(same, than)) & within(i32x4.add(pi, pj), sum, limit);
      const others = i32x4.bitmask(f32x4.lt(opposite, than)) &
        within(i32x4.sub(pi, pj), difference, limit);
      if ((places | others) == 0) continue;
      v128.store(room + CHANGES, same);
      v128.store(room + CHANGES, opposite, 16);
      for (let rest = places | others; rest != 0; rest &= rest - 1) {
        const lane = <usize> ctz(rest);
        const j = first + lane;
        const a = load<f32>(twice + 4 * i), b = load<f32>(twice + 4 * j);
        const up = load<f32>(room + CHANGES + 4 * lane);
        if ((places >> <i32> lane & 1) != 0 && up < best) {
          const s = a + b < 0 ? -2 : 2;
          const byI = i == j ? s + s : s;
          const byJ = i == j ? 0 : s;
          if (canMove(i, byI, j, byJ, squares, threes, isResidual, tables, room, point)) {
            best = up;
            bestI = i, bestByI = byI, bestJ = j, bestByJ = byJ;
          }
        }
        const apart = load<f32>(room + CHANGES + 16 + 4 * lane);
        if ((others >> <i32> lane & 1) != 0 && apart < best) {
          const d = a - b < 0 ? -2 : 2;
          if (canMove(i, d, j, -d, squares, threes, isResidual, tables, room, point)) {
            best = apart;
            bestI = i, bestByI = d, bestJ = j, bestByJ = -d;
          }
        }
      }
    }
  }
  if (!(best < 0)) return false;
  move(point, bestI, bestByI);
  move(point, bestJ, bestByJ);
  return true;
}

/** Whether there is a nearer neighbour, in the codebook or not: mostly there is none, and that is fast. */
@inline
function hasNearer(pairs: usize, low: v128, high: v128): bool {
  const g0 = i32x4.shuffle(low, low, 0, 0, 0, 0), g1 = i32x4.shuffle(low, low, 1, 1, 1, 1);
  const g2 = i32x4.shuffle(low, low, 2, 2, 2, 2), g3 = i32x4.shuffle(low, low, 3, 3, 3, 3);
  const g4 = i32x4.shuffle(high, high, 0, 0, 0, 0), g5 = i32x4.shuffle(high, high, 1, 1, 1, 1);
  const g6 = i32x4.shuffle(high, high, 2, 2, 2, 2), g7 = i32x4.shuffle(high, high, 3, 3, 3, 3);
  let a = leastChange(pairs, g0, low), b = leastChange(pairs + 32, g0, high);
  a = f32x4.pmin(a, leastChange(pairs + 64, g1, low));
  b = f32x4.pmin(b, leastChange(pairs + 96, g1, high));
  a = f32x4.pmin(a, leastChange(pairs + 128, g2, low));
  b = f32x4.pmin(b, leastChange(pairs + 160, g2, high));
  a = f32x4.pmin(a, leastChange(pairs + 192, g3, low));
  b = f32x4.pmin(b, leastChange(pairs + 224, g3, high));
  a = f32x4.pmin(a, leastChange(pairs + 256, g4, high));
  b = f32x4.pmin(b, leastChange(pairs + 288, g5, high));
  a = f32x4.pmin(a, leastChange(pairs + 320, g6, high));
  b = f32x4.pmin(b, leastChange(pairs + 352, g7, high));
  return i32x4.bitmask(f32x4.pmin(a, b)) != 0;
}

/** The smaller change of either direction, of four pairs. */
@inline
function leastChange(pairs: usize, gi: v128, gj: v128): v128 {
  const same = f32x4.sub(v128.load(pairs), f32x4.abs(f32x4.add(gi, gj)));
  const opposite = f32x4.sub(v128.load(pairs, 16), f32x4.abs(f32x4.sub(gi, gj)));
  return f32x4.pmin(same, opposite);
}

@inline
function move(point: usize, i: usize, by: i32): void {
  store<i32>(point + 4 * i, load<i32>(point + 4 * i) + by);
}

/**
 * One bit for each of four pairs that stay within the largest sum of squares: it grows by 8, and by four
 * times the sum, or difference, of the two where that is moved away from zero; by more for j = i.
 */
@inline
function within(entries: v128, gradient: v128, limit: v128): i32 {
  const isDown = f32x4.lt(gradient, f32x4.splat(0));
  const outward = i32x4.sub(v128.xor(entries, isDown), isDown);
  return i32x4.bitmask(i32x4.le_s(outward, limit));
}

/** How much larger the square of an entry becomes. */
@inline
function gain(entry: i32, by: i32): i32 {
  return by * (2 * entry + by);
}

/** Whether a neighbour belongs to the codebook; the sum of its squares mostly tells. */
@inline
function canMove(
  i: usize,
  byI: i32,
  j: usize,
  byJ: i32,
  squares: i32,
  threes: i32,
  isResidual: bool,
  tables: usize,
  room: usize,
  point: usize,
): bool {
  const a = load<i32>(point + 4 * i), b = load<i32>(point + 4 * j);
  const sum = squares + gain(a, byI) + gain(b, byJ);
  if (!isResidual) {
    if (sum <= E8P_SQUARES) return true;
    // For j = i only the first has moved.
    return sum == MOST_E8P_SQUARES &&
      isOuterE8p(withThree(withThree(threes, j, b + byJ), i, a + byI), tables);
  }
  if (sum <= RESIDUAL_SQUARES) return true;
  return sum == MOST_RESIDUAL_SQUARES && isResidualMoved(i, byI, j, byJ, room, point);
}

/** Bits of entries ± 3/2 when one of them has become another. */
@inline
function withThree(threes: i32, i: usize, entry: i32): i32 {
  return threes & ~(1 << <i32> i) | <i32> (entry == 3 || entry == -3) << <i32> i;
}

/** Whether a neighbour of the largest sum is one of the codebook of residuals. */
function isResidualMoved(
  i: usize,
  byI: i32,
  j: usize,
  byJ: i32,
  room: usize,
  point: usize,
): bool {
  const moved = room + MOVED;
  v128.store(moved, v128.load(point));
  v128.store(moved, v128.load(point, 16), 16);
  move(moved, i, byI);
  move(moved, j, byJ);
  return isOuterResidual(moved);
}
