// Codes of E8P for blocks of eight numbers, and of what they leave; the twin of
// reference/nearest_lattice.ts.

import { codeOfE8p, codeOfResidual } from "./lattice_points";
import {
  nearestE8p,
  nearestHalf,
  nearestWhole,
  SEARCH_BYTES,
  toGrid,
} from "./lattice_search";
import { descend, DESCENT_BYTES, distanceBy, writeEntries } from "./lattice_descent";
import { METRIC_BYTES, NO_SHIFT, writePairs } from "./lattice_moves";
import { divideUp, grain, number, word } from "./memory";
import { spare } from "./panels";

// Where a thread keeps what it works with.
const U: usize = 0;
const GRIDDED: usize = 32;
const FIRST: usize = 64;
const SECOND: usize = 96;
const LEFT: usize = 128;
const FOUND: usize = 160;
const OTHER: usize = 192;
const METRIC: usize = 224;
const SEARCH: usize = METRIC + METRIC_BYTES;
const DESCENT: usize = SEARCH + SEARCH_BYTES;
const INCUMBENT: usize = DESCENT + DESCENT_BYTES;
const POINTS: usize = INCUMBENT + 32;
const TOTAL: usize = POINTS + 64;
const NEAREST: usize = TOTAL + 32;

/** What a search costs, in numbers of a plain loop. */
const COST: usize = 128;

@inline
function taskRows(): usize {
  return grain(divideUp(word(9), 8) * COST);
}

export function nearestLatticeTasks(): usize {
  return divideUp(word(8), taskRows());
}

/**
 * x, codes, scales, inverses, tables, metric, incumbent, out, rows, cols, blocks, first block, bits,
 * whether there is a scale for each row; the residual scale.
 */
export function nearestLatticeTask(task: usize): void {
  const cols = word(9);
  const end = min(word(8), (task + 1) * taskRows());
  if (word(5)) padMetric(word(5), cols);
  for (let row = task * taskRows(); row < end; row++) {
    const scaleAt = word(13) ? row * 4 : 0;
    const scale = load<f32>(word(2) + scaleAt);
    const inverse = load<f32>(word(3) + scaleAt);
    for (let col: usize = 0; col < cols; col += 8) {
      const code = word(1) + (row * word(10) + word(11) + col / 8) * 4;
      encodeBlock(row * cols + col, min<usize>(8, cols - col), scale, inverse, code);
    }
  }
}

/** Copies the metric, with rows and columns of zeros where the block is shorter. */
function padMetric(metric: usize, width: usize): void {
  const target = spare() + METRIC;
  memory.fill(target, 0, 256);
  for (let i: usize = 0; i < width; i++) {
    memory.copy(target + 32 * i, metric + i * width * 4, width * 4);
  }
  writePairs(target);
}

/** Copies a block, times `factor`, with zeros where it is shorter. */
function loadBlock(from: usize, width: usize, factor: f32, to: usize): void {
  const factors = f32x4.splat(factor);
  if (width == 8) {
    v128.store(to, f32x4.mul(v128.load(from), factors));
    v128.store(to, f32x4.mul(v128.load(from, 16), factors), 16);
    return;
  }
  memory.fill(to, 0, 32);
  for (let i: usize = 0; i < width; i++) {
    store<f32>(to + 4 * i, load<f32>(from + 4 * i) * factor);
  }
}

function encodeBlock(at: usize, width: usize, scale: f32, inverse: f32, code: usize): void {
  const room = spare();
  const metric = word(5) ? room + METRIC : 0;
  const incumbent = word(6) ? word(6) + at * 4 : 0;
  const out = word(7) + at * 4;
  loadBlock(word(0) + at * 4, width, inverse, room + U);
  let found = room + FOUND;
  let best = encode(0, found);
  let nearest: f32 = 0;
  if (metric) {
    const other = encode(metric, room + OTHER);
    nearest = distanceBy(metric, room + U, found, room + DESCENT);
    const farther = distanceBy(metric, room + U, room + OTHER, room + DESCENT);
    if (farther < nearest) {
      nearest = farther;
      best = other;
      found = room + OTHER;
    }
  } else if (incumbent) nearest = distanceBy(0, room + U, found, room + DESCENT);
  if (incumbent) {
    loadBlock(incumbent, width, inverse, room + INCUMBENT);
    if (!(nearest < distanceBy(metric, room + U, room + INCUMBENT, room + DESCENT))) {
      if (width == 8) copyPoint(incumbent, out);
      else memory.copy(out, incumbent, width * 4);
      return;
    }
  }
  store<u32>(code, best);
  if (width == 8) return loadBlock(found, width, scale, out);
  for (let i: usize = 0; i < width; i++) {
    store<f32>(out + 4 * i, load<f32>(found + 4 * i) * scale);
  }
}

/** Copies eight numbers: a call that copies any number of bytes takes longer. */
@inline
function copyPoint(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

@inline
function copyPoints(from: usize, to: usize): void {
  copyPoint(from, to);
  copyPoint(from + 32, to + 32);
}

/** Writes what stands for u, and returns its code. */
function encode(metric: usize, entries: usize): u32 {
  const room = spare();
  const bits = word(12);
  const isSecond = searchE8p(metric, room + U);
  if (bits == 2) return writeFound(isSecond, entries);
  // What the search for residuals writes over.
  const points = room + POINTS;
  copyPoints(room + FIRST, points);
  const nearer = room + TOTAL;
  let code = encodeWith(metric, points, isSecond, entries);
  const other = encodeWith(metric, points, !isSecond, nearer);
  const a = distanceBy(metric, room + U, entries, room + DESCENT);
  if (distanceBy(metric, room + U, nearer, room + DESCENT) < a) {
    code = other;
    copyPoint(nearer, entries);
  }
  return code;
}

/** The same by one of two points of E8P, and what is best for what it leaves. */
function encodeWith(metric: usize, points: usize, isSecond: bool, entries: usize): u32 {
  const room = spare();
  const point = isSecond ? points + 32 : points;
  const shift = isSecond ? -1 : 1;
  const left = room + LEFT;
  const ratio = <f32> number(0);
  const scale = f32x4.splat(ratio);
  writeEntries(point, shift, entries);
  for (let at: usize = 0; at < 32; at += 16) {
    const rest = f32x4.sub(v128.load(room + U + at), v128.load(entries + at));
    v128.store(left + at, f32x4.mul(rest, scale));
  }
  const residual = room + INCUMBENT;
  const second = word(12) == 3
    ? encodeResidual(metric, left, residual)
    : writeFound(searchE8p(metric, left), residual);
  const factor = f32x4.splat(1 / ratio);
  for (let at: usize = 0; at < 32; at += 16) {
    const part = f32x4.mul(v128.load(residual + at), factor);
    v128.store(entries + at, f32x4.add(v128.load(entries + at), part));
  }
  return codeOfE8p(point, shift, word(4)) | second << 16;
}

/** Whether the second of the points that are the nearest to U is the nearer one. */
let isSecondNearest: bool = false;

/** Writes the two points of E8P, and tells whether the second is the nearer one. */
function searchE8p(metric: usize, u: usize): bool {
  const room = spare();
  const tables = word(4);
  // A descent from the nearest points of U follows their search.
  if (metric && u == room + U) {
    copyPoints(room + NEAREST, room + FIRST);
    return choose(metric, u, 1, -1, isSecondNearest);
  }
  toGrid(u, room + GRIDDED);
  const plus = nearestE8p(room + GRIDDED, 1, tables, room + SEARCH, room + FIRST);
  const minus = nearestE8p(room + GRIDDED, -1, tables, room + SEARCH, room + SECOND);
  if (!metric && u == room + U) {
    copyPoints(room + FIRST, room + NEAREST);
    isSecondNearest = minus > plus;
  }
  return choose(metric, u, 1, -1, minus > plus);
}

/** Writes the entries of one of them, and returns its code. */
function writeFound(isSecond: bool, entries: usize): u32 {
  const point = spare() + (isSecond ? SECOND : FIRST);
  const shift = isSecond ? -1 : 1;
  writeEntries(point, shift, entries);
  return codeOfE8p(point, shift, word(4));
}

/** Writes a codeword of the codebook of residuals. */
function encodeResidual(metric: usize, u: usize, entries: usize): u32 {
  const room = spare();
  toGrid(u, room + GRIDDED);
  const whole = nearestWhole(room + GRIDDED, room + SEARCH, room + FIRST);
  const half = nearestHalf(room + GRIDDED, room + SEARCH, room + SECOND);
  const isHalf = choose(metric, u, NO_SHIFT, NO_SHIFT, half > whole);
  const point = room + (isHalf ? SECOND : FIRST);
  writeEntries(point, NO_SHIFT, entries);
  return codeOfResidual(point);
}

/** Tells whether the second of two points is nearer to u; by a metric after a descent from both. */
function choose(metric: usize, u: usize, shift: i32, otherShift: i32, isSecond: bool): bool {
  if (!metric) return isSecond;
  const room = spare();
  const tables = word(4);
  const a = descend(metric, u, shift, tables, room + DESCENT, room + FIRST);
  const b = descend(metric, u, otherShift, tables, room + DESCENT, room + SECOND);
  // The one that was nearer before goes first where they are at the same distance.
  return isSecond ? !(a < b) : b < a;
}
