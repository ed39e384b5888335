// Encodes tiles of weights by the nearest walks through a trellis: a task is one tile.
//
// A thread has room for the distances before and after a step, the choices of all steps, and four
// numbers for each weight of a tile: its target, its state, its weight restored, and where it is.

import { divideUp, threadIndex, word } from "./memory";
import {
  bitsOfState,
  bitsOfWeight,
  levelOf,
  rowsOfAll,
  scaleAt,
  tileAt,
  tileBytes,
  tileHeight,
  tileLines,
  tileWidth,
} from "./trellis_layout";
import { beginWalk, highOf, TABLE_SHARE, tableEntry, takeStep } from "./trellis_walk";

const LARGEST_TARGET: f32 = 2047;
const TILE_SIZE: usize = 256;

export function trellisTableTasks(): usize {
  return divideUp((<usize> 1) << word(2), TABLE_SHARE);
}

/** table, bits, stateBits. */
export function trellisTableTask(task: usize): void {
  const shift = word(2) - word(1);
  const end = min((<usize> 1) << word(2), (task + 1) * TABLE_SHARE);
  for (let state = task * TABLE_SHARE; state < end; state++) {
    store<i32>(word(0) + state * 4, tableEntry(levelOf(<u32> state, word(1), word(2)), <i32> (state >> shift)));
  }
}

export function encodeTrellisTasks(): usize {
  return tileLines() * divideUp(word(13), tileWidth());
}

/** The layout, then x, inverses, out, cols, first tile, incumbent, metric, table, room, its bytes. */
export function encodeTrellisTask(task: usize): void {
  const cols = word(13);
  const tiles = divideUp(cols, tileWidth());
  const line = task / tiles;
  const tile = task % tiles;
  const row = line * tileHeight();
  const col = tile * tileWidth();
  const height = min(tileHeight(), rowsOfAll() - row);
  const width = min(tileWidth(), cols - col);
  const size = tileHeight() * tileWidth();
  readTargets(row, col, height, width);
  const half = size / 2;
  walk(half - 1, -1);
  let end = nearestEnd();
  end = traceBack(half - 1, half, end);
  walk(size - 1, <i32> end);
  traceBack(size - 1, 0, end);
  restore(row, height, width);
  if (word(15) && !isNearer(row, col, height, width)) copyTile(word(15), row, col, height, width);
  else {
    packStates(tileAt(line, word(14) + tile));
    writeTile(row, col, height, width);
  }
}

@inline
function overlaps(): usize {
  return (<usize> 1) << (bitsOfState() - bitsOfWeight());
}

/** Overlaps there is room for. */
@inline
function lineLength(): usize {
  return max<usize>(overlaps(), 16);
}

/** Where this thread's numbers of weight i are: 0 its target, 1 its state, 2 what it is restored to. */
@inline
function numbersAt(kind: usize): usize {
  return word(18) + threadIndex() * word(19) + kind * TILE_SIZE * 4;
}

@inline
function distancesAt(side: usize): usize {
  return numbersAt(4) + side * lineLength() * 4;
}

/** The choices of a step. */
@inline
function choicesAt(step: usize): usize {
  return distancesAt(2) + step * lineLength();
}

/** Twice the levels wanted, rounded; 0 for what fills up the tile. */
function readTargets(row: usize, col: usize, height: usize, width: usize): void {
  memory.fill(numbersAt(0), 0, tileHeight() * tileWidth() * 4);
  for (let r: usize = 0; r < height; r++) {
    const inverse = load<f32>(word(11) + (row + r) * word(2));
    const x = word(10) + ((row + r) * word(13) + col) * 4;
    for (let c: usize = 0; c < width; c++) {
      const target = nearest<f32>(2 * (load<f32>(x + c * 4) * inverse));
      const bounded = min<f32>(max<f32>(target, -LARGEST_TARGET), LARGEST_TARGET);
      store<i32>(numbersAt(0) + (c * tileHeight() + r) * 4, <i32> bounded);
    }
  }
}

/** Walks once around from a weight down, from an overlap, or from any; the last distances are `side` 0. */
function walk(from: usize, overlap: i32): void {
  const size = tileHeight() * tileWidth();
  const bits = <i32> bitsOfWeight();
  const count = overlaps();
  const table = word(17);
  beginWalk(distancesAt(0), count, overlap);
  let weight = from;
  for (let step: usize = 0; step < size; step++) {
    const side = step & 1;
    const target = load<i32>(numbersAt(0) + weight * 4);
    const before = distancesAt(side), after = distancesAt(1 - side);
    takeStep(bits, count, table, target, before, after, choicesAt(step));
    weight = weight == 0 ? size - 1 : weight - 1;
  }
}

/** The overlap that the nearest walk ends in. */
function nearestEnd(): usize {
  let best: usize = 0;
  for (let m: usize = 1; m < overlaps(); m++) {
    if (load<i32>(distancesAt(0) + m * 4) < load<i32>(distancesAt(0) + best * 4)) best = m;
  }
  return best;
}

/**
 * Goes back from the last step of a walk to step `first`, and writes the states on the way.
 *
 * @param from The weight that the walk began with.
 * @param end The overlap that it ended in.
 * @returns The overlap before that step.
 */
function traceBack(from: usize, first: usize, end: usize): usize {
  const size = tileHeight() * tileWidth();
  const bits = <i32> bitsOfWeight();
  const shift = bitsOfState() - bitsOfWeight();
  for (let step = size; step > first;) {
    step--;
    const high = highOf(load<u8>(choicesAt(step) + end), bits);
    const state = (<usize> high) << shift | end;
    store<u32>(numbersAt(1) + (from + size - step) % size * 4, <u32> state);
    end = state >> bits;
  }
  return end;
}

function restore(row: usize, height: usize, width: usize): void {
  for (let c: usize = 0; c < width; c++) {
    for (let r: usize = 0; r < height; r++) {
      const i = (c * tileHeight() + r) * 4;
      const level = levelOf(load<u32>(numbersAt(1) + i), bitsOfWeight(), bitsOfState());
      store<f32>(numbersAt(2) + i, load<f32>(scaleAt(row + r)) * <f32> level);
    }
  }
}

/** Whether the sum of (x − w) M (x − w)ᵀ over the rows is less than with the incumbent. */
function isNearer(row: usize, col: usize, height: usize, width: usize): bool {
  const cols = word(13);
  const metric = word(16);
  let now: f64 = 0, before: f64 = 0;
  for (let r: usize = 0; r < height; r++) {
    const start = ((row + r) * cols + col) * 4;
    for (let a: usize = 0; a < width; a++) {
      const first: usize = metric ? 0 : a, end: usize = metric ? width : a + 1;
      for (let b = first; b < end; b++) {
        const m = metric ? <f64> load<f32>(metric + (a * cols + b) * 4) : 1;
        now += errorOf(start, r, a) * m * errorOf(start, r, b);
        before += lagOf(start, a) * m * lagOf(start, b);
      }
    }
  }
  return now < before;
}

@inline
function errorOf(start: usize, r: usize, c: usize): f64 {
  const restored = <f64> load<f32>(numbersAt(2) + (c * tileHeight() + r) * 4);
  return <f64> load<f32>(word(10) + start + c * 4) - restored;
}

@inline
function lagOf(start: usize, c: usize): f64 {
  const at = start + c * 4;
  return <f64> load<f32>(word(10) + at) - <f64> load<f32>(word(15) + at);
}

function copyTile(from: usize, row: usize, col: usize, height: usize, width: usize): void {
  for (let r: usize = 0; r < height; r++) {
    const start = ((row + r) * word(13) + col) * 4;
    memory.copy(word(12) + start, from + start, width * 4);
  }
}

function writeTile(row: usize, col: usize, height: usize, width: usize): void {
  for (let r: usize = 0; r < height; r++) {
    const start = ((row + r) * word(13) + col) * 4;
    for (let c: usize = 0; c < width; c++) {
      const restored = load<f32>(numbersAt(2) + (c * tileHeight() + r) * 4);
      store<f32>(word(12) + start + c * 4, restored);
    }
  }
}

/** Writes the own bits of all states, eight states at a time. */
function packStates(tile: usize): void {
  const bits = bitsOfWeight();
  const mask = (1 << <u32> bits) - 1;
  const size = tileHeight() * tileWidth();
  for (let i: usize = 0; i < size; i += 8, tile += bits) {
    let word: u32 = 0;
    for (let j: usize = 0; j < 8; j++) {
      word |= (load<u32>(numbersAt(1) + (i + j) * 4) & mask) << <u32> (j * bits);
    }
    for (let byte: usize = 0; byte < bits; byte++, word >>= 8) store<u8>(tile + byte, word);
  }
}
