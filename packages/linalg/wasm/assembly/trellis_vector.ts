// out = x · Wᵀ for one token and a matrix of trellis codes, decoded into registers, up to 128 rows of a
// column at a time.

import { divideUp, word } from "./memory";
import { spare } from "./panels";
import { madd } from "./simd";
import {
  byteOf,
  CONSTANTS_BYTES,
  groupRows,
  halvesOf,
  MIDDLE,
  rowsAtOnce,
  sixteensAt,
  stageBytes,
  stageCodes,
  statesOf,
  writeConstants,
} from "./trellis_decode";
import {
  bitsOfState,
  bitsOfWeight,
  rowsOfAll,
  scaleAt,
  tileAt,
  tileBytes,
  tileHeight,
  tileLines,
  tileWidth,
} from "./trellis_layout";

/** Rows of one task where there is one token. */
const TASK_ROWS: usize = 256;
/** Columns that are staged at once for it. */
const COLS: usize = 128;

/** Tasks of a line of tiles. */
@inline
function tasksOfLine(): usize {
  return divideUp(tileHeight(), TASK_ROWS);
}

export function trellisVectorTasks(): usize {
  return tileLines() * tasksOfLine();
}

/** The layout, then x, out, tokens, cols. */
export function trellisVectorTask(task: usize): void {
  const line = task / tasksOfLine();
  const row = task % tasksOfLine() * TASK_ROWS;
  const rows = min(TASK_ROWS, tileHeight() - row);
  const cols = word(13);
  const constants = spare();
  const sums = constants + CONSTANTS_BYTES;
  const codes = sums + TASK_ROWS * 4;
  writeConstants(constants);
  memory.fill(sums, 0, TASK_ROWS * 4);
  for (let col: usize = 0; col < cols; col += COLS) {
    const count = min(COLS, cols - col);
    const x = word(10) + col * 4;
    subtractMiddle(x, count, rows, sums);
    if (tileWidth() > 1) stageCodes(line, row, rows, col, count, codes);
    for (let r: usize = 0; r < rows; r += rowsAtOnce()) {
      let from = codes + r * bitsOfWeight() / 8;
      let step = stageBytes(rows);
      if (tileWidth() == 1 && isInside(row + r)) {
        from = tileAt(line, col) + (row + r) * bitsOfWeight() / 8;
        step = tileBytes();
      } else if (tileWidth() == 1) {
        stageCodes(line, row + r, rows - r, col, count, codes);
        from = codes;
        step = stageBytes(rows - r);
      }
      const to = sums + r * 4;
      switch (<i32> bitsOfWeight()) {
        case 1:
          addColumns(1, from, step, x, count, constants, to);
          break;
        case 2:
          addColumns(2, from, step, x, count, constants, to);
          break;
        case 3:
          addColumns(3, from, step, x, count, constants, to);
          break;
        default:
          addColumns(4, from, step, x, count, constants, to);
      }
    }
  }
  const first = line * tileHeight() + row;
  for (let r: usize = 0; r < rows && first + r < rowsOfAll(); r++) {
    // Of eight groups, weight j of group 2 l + h is lane l of sum 2 j + h.
    const height = groupRows(bitsOfWeight());
    const group = r / height & 7;
    const start = sums + (r - r % rowsAtOnce() + r % height * 8 + (group >> 1)) * 4;
    let sum = load<f32>(start);
    if (group & 1) sum = load<f32>(start, 16) - LOWER_HALF * sum;
    store<f32>(word(11) + (first + r) * 4, load<f32>(scaleAt(first + r)) * (1024 * sum));
  }
}

/** Whether the windows of so many rows of a tile that has one column end before the tile does. */
@inline
function isInside(row: usize): bool {
  return (row + rowsAtOnce() - 1) * bitsOfWeight() + bitsOfState() <= tileHeight() * bitsOfWeight();
}

/** The lower half of an f32 from 1 on, less 1, as a share of the same bits as its upper half. */
const LOWER_HALF: f32 = 1 / 65536;

/**
 * Takes off beforehand what sums will be too much: for every f32 the middle, and for those whose lower half
 * is another's upper half, 0x3f80 + u, also what that makes of the middle and the exponent.
 */
function subtractMiddle(x: usize, cols: usize, rows: usize, sums: usize): void {
  let total: f64 = 0;
  for (const end = x + cols * 4; x < end; x += 4) total += load<f32>(x);
  const middle: f64 = MIDDLE / 1024;
  const low = f32x4.splat(<f32> (-total * middle));
  const high = f32x4.splat(<f32> (-total * (middle + (middle + 126) / 65536)));
  for (const end = sums + divideUp(rows, rowsAtOnce()) * rowsAtOnce() * 4; sums < end; sums += 32) {
    v128.store(sums, f32x4.add(v128.load(sums), low));
    v128.store(sums, f32x4.add(v128.load(sums, 16), high), 16);
  }
}

/** Adds eight groups of rows of columns, each times its number of x. */
@inline
function addColumns(
  bits: i32,
  codes: usize,
  step: usize,
  x: usize,
  cols: usize,
  constants: usize,
  sums: usize,
): void {
  if (bitsOfState() > 12) addGroups(bits, true, codes, step, x, cols, constants, sums);
  else addGroups(bits, false, codes, step, x, cols, constants, sums);
}

@inline
function addGroups(
  bits: i32,
  isWide: bool,
  codes: usize,
  step: usize,
  x: usize,
  cols: usize,
  constants: usize,
  sums: usize,
): void {
  addWeights(bits, isWide, 0, codes, step, x, cols, constants, sums);
  if (bits > 3) return;
  addWeights(bits, isWide, 4, codes, step, x, cols, constants, sums + 128);
  if (bits > 1) return;
  addWeights(bits, isWide, 8, codes, step, x, cols, constants, sums + 256);
  addWeights(bits, isWide, 12, codes, step, x, cols, constants, sums + 384);
}

/** Adds weights `j` to `j` + 3 of each group. */
@inline
function addWeights(
  bits: i32,
  isWide: bool,
  j: i32,
  codes: usize,
  step: usize,
  x: usize,
  cols: usize,
  constants: usize,
  sums: usize,
): void {
  const numbers = v128.load(constants), mask = v128.load(constants, 16);
  const first = v128.load(constants, 32), second = v128.load(constants, 48);
  const one = v128.load(constants, 64);
  codes += byteOf(bits, j);
  let s0 = v128.load(sums), s1 = v128.load(sums, 16);
  let s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
  let s4 = v128.load(sums, 64), s5 = v128.load(sums, 80);
  let s6 = v128.load(sums, 96), s7 = v128.load(sums, 112);
  for (const end = x + cols * 4; x < end; x += 4, codes += step) {
    const factor = v128.load32_splat(x);
    const b0 = sixteensAt(bits, codes, numbers);
    const b1 = sixteensAt(bits, codes + 1, numbers);
    const b2 = bits > 2 ? sixteensAt(bits, codes + 2, numbers) : b1;
    const h0 = decode(bits, isWide, j, 0, b0, b1, b2, mask, first, second, one);
    s0 = madd<f32>(factor, i32x4.shl(h0, 16), s0);
    s1 = madd<f32>(factor, h0, s1);
    const h1 = decode(bits, isWide, j, 1, b0, b1, b2, mask, first, second, one);
    s2 = madd<f32>(factor, i32x4.shl(h1, 16), s2);
    s3 = madd<f32>(factor, h1, s3);
    const h2 = decode(bits, isWide, j, 2, b0, b1, b2, mask, first, second, one);
    s4 = madd<f32>(factor, i32x4.shl(h2, 16), s4);
    s5 = madd<f32>(factor, h2, s5);
    const h3 = decode(bits, isWide, j, 3, b0, b1, b2, mask, first, second, one);
    s6 = madd<f32>(factor, i32x4.shl(h3, 16), s6);
    s7 = madd<f32>(factor, h3, s7);
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
  v128.store(sums, s4, 64);
  v128.store(sums, s5, 80);
  v128.store(sums, s6, 96);
  v128.store(sums, s7, 112);
}

/** Decodes weight `j` + `i`, where `b0` is from the byte of weight `j` on. */
@inline
function decode(
  bits: i32,
  isWide: bool,
  j: i32,
  i: i32,
  b0: v128,
  b1: v128,
  b2: v128,
  mask: v128,
  first: v128,
  second: v128,
  one: v128,
): v128 {
  const at = byteOf(bits, j + i) - byteOf(bits, j);
  const states = at == 0
    ? statesOf(bits, isWide, j + i, b0, b1, mask)
    : statesOf(bits, isWide, j + i, b1, b2, mask);
  return halvesOf(bits, isWide, states, first, second, one);
}
