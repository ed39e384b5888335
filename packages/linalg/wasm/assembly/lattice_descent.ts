// Points that are near by a metric M: from neighbour to neighbour as long as (u − c) M (u − c)ᵀ becomes
// smaller, as reference/nearest_lattice.ts does.

import { MOST_STEPS } from "../../codebook/lattice_layout";
import { isE8p, isResidual } from "./lattice_points";
import { madd, sumLanes } from "./simd";

// What a descent keeps, from where it is given room.
const ENTRIES: usize = 0;
const GRADIENT: usize = 32;
const BEST: usize = 64;
const MOVED: usize = 96;
const DIAGONAL: usize = 128;
const CHANGES: usize = 160;
/** Bytes of it. */
export const DESCENT_BYTES: usize = 192;

/** The codebook of residuals, where others give a shift of 1 or −1. */
export const NO_SHIFT: i32 = 0;

/** Writes what a point is, f32. */
export function writeEntries(point: usize, shift: i32, entries: usize): void {
  const half = f32x4.splat(0.5);
  const quarter = f32x4.splat(0.25 * <f32> shift);
  for (let at: usize = 0; at < 32; at += 16) {
    const twice = f32x4.convert_i32x4_s(v128.load(point + at));
    v128.store(entries + at, f32x4.add(f32x4.mul(twice, half), quarter));
  }
}

/** (u − c) M (u − c)ᵀ, or with no M the square of u − c. */
export function distanceBy(metric: usize, u: usize, c: usize, room: usize): f32 {
  const low = f32x4.sub(v128.load(u), v128.load(c));
  const high = f32x4.sub(v128.load(u, 16), v128.load(c, 16));
  if (!metric) return sumLanes<f32>(madd<f32>(low, low, f32x4.mul(high, high)));
  multiply(metric, low, high, room);
  const product = madd<f32>(low, v128.load(room + GRADIENT), f32x4.mul(high, v128.load(room + GRADIENT, 16)));
  return sumLanes<f32>(product);
}

/** Writes M e. */
@inline
function multiply(metric: usize, low: v128, high: v128, room: usize): void {
  // M is symmetric, so that its rows are its columns.
  v128.store(room + ENTRIES, low);
  v128.store(room + ENTRIES, high, 16);
  let a = f32x4.splat(0), b = f32x4.splat(0);
  for (let i: usize = 0; i < 8; i++) {
    const e = v128.load32_splat(room + ENTRIES + 4 * i);
    a = madd<f32>(e, v128.load(metric + 32 * i), a);
    b = madd<f32>(e, v128.load(metric + 32 * i, 16), b);
  }
  v128.store(room + GRADIENT, a);
  v128.store(room + GRADIENT, b, 16);
}

/** Moves a point to one that none of its neighbours is nearer than. */
export function descend(
  metric: usize,
  u: usize,
  shift: i32,
  tables: usize,
  room: usize,
  point: usize,
): void {
  for (let step = 0; step < MOST_STEPS; step++) {
    writeEntries(point, shift, room + ENTRIES);
    const low = f32x4.sub(v128.load(u), v128.load(room + ENTRIES));
    const high = f32x4.sub(v128.load(u, 16), v128.load(room + ENTRIES, 16));
    multiply(metric, low, high, room);
    if (!bestMove(metric, shift, tables, room, point)) return;
    v128.store(point, v128.load(room + BEST));
    v128.store(point, v128.load(room + BEST, 16), 16);
  }
}

/**
 * Writes the best neighbour, and tells whether there is a nearer one. What changes by moving two entries,
 * of four pairs at a time: both up or down, which for j = i is one entry by two, or one of them up.
 */
function bestMove(metric: usize, shift: i32, tables: usize, room: usize, point: usize): bool {
  const two = f32x4.splat(2);
  const diagonal = room + DIAGONAL;
  const g = room + GRADIENT;
  let best: f32 = 0;
  for (let i: usize = 0; i < 8; i++) store<f32>(diagonal + 4 * i, load<f32>(metric + 36 * i));
  for (let i: usize = 0; i < 8; i++) {
    const ii = v128.load32_splat(diagonal + 4 * i);
    const gi = v128.load32_splat(g + 4 * i);
    for (let first = i & 4; first < 8; first += 4) {
      const gj = v128.load(g + 4 * first);
      const both = f32x4.add(ii, v128.load(diagonal + 4 * first));
      const across = f32x4.mul(two, v128.load(metric + 32 * i + 4 * first));
      const sum = f32x4.mul(two, f32x4.abs(f32x4.add(gi, gj)));
      const difference = f32x4.mul(two, f32x4.abs(f32x4.sub(gi, gj)));
      const same = f32x4.sub(f32x4.add(both, across), sum);
      const opposite = f32x4.sub(f32x4.sub(both, across), difference);
      const smallest = f32x4.pmin(same, opposite);
      // Those below the diagonal are pairs that were met before.
      const behind = first < i ? <i32> (15 << (i - first)) : 15;
      let places = i32x4.bitmask(f32x4.lt(smallest, f32x4.splat(best))) & behind;
      if (places == 0) continue;
      v128.store(room + CHANGES, same);
      v128.store(room + CHANGES, opposite, 16);
      for (; places != 0; places &= places - 1) {
        const lane = <usize> ctz(places);
        const j = first + lane;
        const a = load<f32>(g + 4 * i), b = load<f32>(g + 4 * j);
        const up = load<f32>(room + CHANGES + 4 * lane);
        const s = a + b < 0 ? -2 : 2;
        if (up < best && canMove(i, s, j, s, shift, tables, room, point)) best = up;
        const apart = load<f32>(room + CHANGES + 16 + 4 * lane);
        const d = a - b < 0 ? -2 : 2;
        if (apart < best && canMove(i, d, j, -d, shift, tables, room, point)) best = apart;
      }
    }
  }
  return best < 0;
}

/** Writes a neighbour as the best one if it belongs to the codebook. */
function canMove(
  i: usize,
  byI: i32,
  j: usize,
  byJ: i32,
  shift: i32,
  tables: usize,
  room: usize,
  point: usize,
): bool {
  const moved = room + MOVED;
  v128.store(moved, v128.load(point));
  v128.store(moved, v128.load(point, 16), 16);
  store<i32>(moved + 4 * i, load<i32>(moved + 4 * i) + byI);
  store<i32>(moved + 4 * j, load<i32>(moved + 4 * j) + byJ);
  if (!(shift == NO_SHIFT ? isResidual(moved) : isE8p(moved, tables))) return false;
  v128.store(room + BEST, v128.load(moved));
  v128.store(room + BEST, v128.load(moved, 16), 16);
  return true;
}
