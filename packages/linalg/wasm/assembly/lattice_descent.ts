// Points that are near by a metric M: from neighbour to neighbour as long as (u − c) M (u − c)ᵀ becomes
// smaller, as reference/nearest_lattice.ts does.

import { MOST_STEPS } from "../../codebook/lattice_layout";
import { MOVE_BYTES, moveNearer } from "./lattice_moves";
import { madd, sumLanes } from "./simd";

// What a descent keeps, from where it is given room.
const ENTRIES: usize = 0;
const GRADIENT: usize = 32;
const POINT: usize = 64;
const MOVE: usize = 96;
/** Bytes of it. */
export const DESCENT_BYTES: usize = MOVE + MOVE_BYTES;

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
  return alongGradient(low, high, room);
}

/** e M eᵀ, where M e is written. */
@inline
function alongGradient(low: v128, high: v128, room: usize): f32 {
  const a = v128.load(room + GRADIENT), b = v128.load(room + GRADIENT, 16);
  return sumLanes<f32>(madd<f32>(low, a, f32x4.mul(high, b)));
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

/**
 * Moves a point to one that none of its neighbours is nearer than.
 *
 * @returns How far that is.
 */
export function descend(
  metric: usize,
  u: usize,
  shift: i32,
  tables: usize,
  room: usize,
  point: usize,
): f32 {
  const entries = room + POINT;
  for (let step = 0; step < MOST_STEPS; step++) {
    writeEntries(point, shift, entries);
    const low = f32x4.sub(v128.load(u), v128.load(entries));
    const high = f32x4.sub(v128.load(u, 16), v128.load(entries, 16));
    multiply(metric, low, high, room);
    if (!moveNearer(metric, room + GRADIENT, shift, tables, room + MOVE, point)) {
      return alongGradient(low, high, room);
    }
  }
  writeEntries(point, shift, entries);
  return distanceBy(metric, u, entries, room);
}
