// Rounds columns to levels of grids, the last one first, each making up for the errors of those after
// it:
//
//   u_k = t_k + Σ_{j > k} (w_j − ŵ_j) T_jk      ŵ_k = step · level nearest to u_k / step
//
// A task is a strip of rows, which are the lanes of four vectors: columns of the target and of errors
// are copied aside so that a column of the strip is four loads. Rows that are not there have grids of
// step 0.

import { divideUp, number, word } from "./memory";
import { spare } from "./panels";
import { madd, zero } from "./simd";

/** Rows of a strip. */
const STRIP: usize = 16;
/** Bytes of a column of it. */
const LINE: usize = 4 * STRIP;
/** Columns that are copied at a time; all of them where there is feedback. */
const CHUNK: usize = 128;
/** Where in a thread's own memory things are: targets, which become ŵ, then errors, then a grid. */
const ERRORS: usize = CHUNK * LINE;
const GRID: usize = 2 * CHUNK * LINE;

export function roundColumnsTasks(): usize {
  return divideUp(word(8), STRIP);
}

/**
 * target, weight or 0, transposed triangle, steps, zero points or 0, grids of columns, table or 0, out,
 * rows, cols, grids of a row, levels of a grid; the number is the zero point of all.
 */
export function roundColumnsTask(task: usize): void {
  const cols = word(9);
  const first = task * STRIP;
  const rows = min(STRIP, word(8) - first);
  let grid: usize = -1;
  for (let end = cols; end > 0; end -= min(end, CHUNK)) {
    const start = end > CHUNK ? end - CHUNK : 0;
    const at = (first * cols + start) * 4;
    const width = end - start;
    const lines = spare();
    copyIn(word(0) + at, lines, rows, width);
    if (word(1)) copyIn(word(1) + at, lines + ERRORS, rows, width);
    for (let k = width - 1; k < width; k--) {
      const wanted = min<usize>(load<u32>(word(5) + (start + k) * 4), word(10) - 1);
      if (wanted != grid) loadGrid(wanted, first, rows);
      grid = wanted;
      if (word(1)) addFeedback(k, width);
      roundLine(lines + k * LINE);
      if (word(1)) takeErrors(lines + k * LINE);
    }
    copyOut(lines, word(7) + at, rows, width);
  }
}

/** Columns of rows become lines; rows that are not there become zeros. */
function copyIn(source: usize, lines: usize, rows: usize, width: usize): void {
  const lead = word(9) * 4;
  for (let i: usize = 0; i < STRIP; i++, source += lead) {
    const target = lines + i * 4;
    for (let j: usize = 0; j < width; j++) {
      store<f32>(target + j * LINE, i < rows ? load<f32>(source + j * 4) : 0);
    }
  }
}

function copyOut(lines: usize, target: usize, rows: usize, width: usize): void {
  const lead = word(9) * 4;
  for (let i: usize = 0; i < rows; i++, target += lead) {
    const source = lines + i * 4;
    for (let j: usize = 0; j < width; j++) store<f32>(target + j * 4, load<f32>(source + j * LINE));
  }
}

/** Steps and zero points of one grid of each row. */
function loadGrid(grid: usize, first: usize, rows: usize): void {
  const steps = spare() + GRID;
  const zeroPoints = steps + LINE;
  for (let i: usize = 0; i < STRIP; i++) {
    const at = ((first + i) * word(10) + grid) * 4;
    const isThere = i < rows;
    store<f32>(steps + i * 4, isThere ? load<f32>(word(3) + at) : 0);
    const zeroPoint = isThere && word(4) ? load<f32>(word(4) + at) : <f32> number(0);
    store<f32>(zeroPoints + i * 4, zeroPoint);
  }
}

/** Adds to line k what the errors of the lines after it come to. */
function addFeedback(k: usize, width: usize): void {
  const line = spare() + k * LINE;
  let a0 = v128.load(line), a1 = v128.load(line, 16);
  let a2 = v128.load(line, 32), a3 = v128.load(line, 48);
  const factors = word(2) + k * width * 4;
  let errors = spare() + ERRORS + (k + 1) * LINE;
  for (let j = k + 1; j < width; j++, errors += LINE) {
    const factor = v128.load_splat<f32>(factors + j * 4);
    a0 = madd<f32>(factor, v128.load(errors), a0);
    a1 = madd<f32>(factor, v128.load(errors, 16), a1);
    a2 = madd<f32>(factor, v128.load(errors, 32), a2);
    a3 = madd<f32>(factor, v128.load(errors, 48), a3);
  }
  v128.store(line, a0);
  v128.store(line, a1, 16);
  v128.store(line, a2, 32);
  v128.store(line, a3, 48);
}

/** u becomes ŵ. */
function roundLine(line: usize): void {
  const steps = spare() + GRID;
  for (let i: usize = 0; i < LINE; i += 16) {
    const step = v128.load(steps + i);
    const scaled = f32x4.div(v128.load(line + i), step);
    const level = word(6) ? nearestLevel(scaled) : nearestInteger(scaled, v128.load(steps + LINE + i));
    // What is divided by zero may be anything.
    v128.store(line + i, v128.and(f32x4.mul(step, level), f32x4.ne(step, zero())));
  }
}

/** The integer of a grid; NaN becomes the first. */
@inline
function nearestInteger(value: v128, zeroPoint: v128): v128 {
  const code = f32x4.add(f32x4.nearest(value), zeroPoint);
  const last = f32x4.splat(<f32> word(11) - 1);
  return f32x4.sub(f32x4.pmin(f32x4.pmax(zero(), code), last), zeroPoint);
}

/** The level of the table, the lower one of two. */
function nearestLevel(value: v128): v128 {
  const table = word(6);
  let level = v128.load_splat<f32>(table);
  const half = f32x4.splat(0.5);
  let lower = level;
  for (let i: usize = 1; i < word(11); i++) {
    const upper = v128.load_splat<f32>(table + i * 4);
    const middle = f32x4.mul(f32x4.add(lower, upper), half);
    level = v128.bitselect(upper, level, f32x4.gt(value, middle));
    lower = upper;
  }
  return level;
}

/** Of the line that was rounded last: w − ŵ in the place of w. */
function takeErrors(line: usize): void {
  const errors = line + ERRORS;
  for (let i: usize = 0; i < LINE; i += 16) {
    v128.store(errors + i, f32x4.sub(v128.load(errors + i), v128.load(line + i)));
  }
}
