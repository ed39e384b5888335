// out = x · Wᵀ for a matrix of trellis codes, decoded 32 rows of a column at a time: for one token into
// registers, for many into panels for the micro-kernel.

import { divideUp, word } from "./memory";
import { packRows } from "./pack";
import {
  ALL_COLUMNS,
  BLOCK_ROWS,
  blockDepth,
  multiplyPanel,
  packedA,
  spare,
} from "./panels";
import { madd } from "./simd";
import {
  CONSTANTS_BYTES,
  hashesAt,
  lanesOf,
  ROWS,
  stageBytes,
  stageCodes,
  sumsOf,
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
/** Bytes of four panels: eight rows of `blockDepth` columns each. */
const PANELS_BYTES: usize = 4 * 256 * 32;

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
    for (let r: usize = 0; r < rows; r += ROWS) {
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
    // Lane l of vector j of a group of 32 is row 8 l + j.
    const at = (r & ~31) + (r & 7) * 4 + (r >> 3 & 3);
    const sum = load<f32>(sums + at * 4);
    store<f32>(word(11) + (first + r) * 4, load<f32>(scaleAt(first + r)) * sum);
  }
}

/** Whether the windows of 32 rows of a tile that has one column end before the tile does. */
@inline
function isInside(row: usize): bool {
  return (row + ROWS - 1) * bitsOfWeight() + bitsOfState() <= tileHeight() * bitsOfWeight();
}

/** Takes off beforehand what bytes sum up to more than levels do, 510 Σ x. */
function subtractMiddle(x: usize, cols: usize, rows: usize, sums: usize): void {
  let total: f32 = 0;
  for (const end = x + cols * 4; x < end; x += 4) total += load<f32>(x);
  const middle = f32x4.splat(-510 * total);
  for (let i: usize = 0; i < divideUp(rows, ROWS) * ROWS; i += 4) {
    const at = sums + i * 4;
    v128.store(at, f32x4.add(v128.load(at), middle));
  }
}

/** Adds 32 rows of columns, each times its number of x. */
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
  addHalf(bits, 0, codes, step, x, cols, constants, sums);
  addHalf(bits, 1, codes, step, x, cols, constants, sums + 64);
}

/**
 * Adds four vectors of them. Hashes of a column are made while those of the one before it are summed
 * up: what waits for a result is few instructions long, and more of them are under way at once.
 */
@inline
function addHalf(
  bits: i32,
  half: i32,
  codes: usize,
  step: usize,
  x: usize,
  cols: usize,
  constants: usize,
  sums: usize,
): void {
  const numbers = v128.load(constants), mask = v128.load(constants, 16);
  const multiplier = v128.load(constants, 32), ones = v128.load(constants, 48);
  let s0 = v128.load(sums), s1 = v128.load(sums, 16);
  let s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
  const first = lanesOf(bits, codes, half, numbers);
  let h0 = hashesAt(bits, first, half, 0, mask, multiplier);
  let h1 = hashesAt(bits, first, half, 1, mask, multiplier);
  let h2 = hashesAt(bits, first, half, 2, mask, multiplier);
  let h3 = hashesAt(bits, first, half, 3, mask, multiplier);
  for (const last = x + (cols - 1) * 4; x < last; x += 4) {
    codes += step;
    const factor = v128.load32_splat(x);
    const lanes = lanesOf(bits, codes, half, numbers);
    s0 = madd<f32>(factor, sumsOf(h0, ones), s0);
    h0 = hashesAt(bits, lanes, half, 0, mask, multiplier);
    s1 = madd<f32>(factor, sumsOf(h1, ones), s1);
    h1 = hashesAt(bits, lanes, half, 1, mask, multiplier);
    s2 = madd<f32>(factor, sumsOf(h2, ones), s2);
    h2 = hashesAt(bits, lanes, half, 2, mask, multiplier);
    s3 = madd<f32>(factor, sumsOf(h3, ones), s3);
    h3 = hashesAt(bits, lanes, half, 3, mask, multiplier);
  }
  const factor = v128.load32_splat(x);
  v128.store(sums, madd<f32>(factor, sumsOf(h0, ones), s0));
  v128.store(sums, madd<f32>(factor, sumsOf(h1, ones), s1), 16);
  v128.store(sums, madd<f32>(factor, sumsOf(h2, ones), s2), 32);
  v128.store(sums, madd<f32>(factor, sumsOf(h3, ones), s3), 48);
}

export function trellisMatmulTasks(): usize {
  return divideUp(word(12), BLOCK_ROWS) * tileLines();
}

/** The layout, then x, out, tokens, cols. */
export function trellisMatmulTask(task: usize): void {
  const cols = word(13);
  const blocks = divideUp(word(12), BLOCK_ROWS);
  const token = task % blocks * BLOCK_ROWS;
  const line = task / blocks;
  const tokens = min(BLOCK_ROWS, word(12) - token);
  const first = line * tileHeight();
  const rows = min(tileHeight(), rowsOfAll() - first);
  const lead = rowsOfAll() * 4;
  const out = word(11) + token * lead + first * 4;
  const constants = spare();
  const scales = constants + CONSTANTS_BYTES;
  const panels = scales + ROWS * 4;
  const codes = panels + PANELS_BYTES;
  writeConstants(constants);
  for (let col: usize = 0; col < cols; col += blockDepth<f32>()) {
    const depth = min(blockDepth<f32>(), cols - col);
    packRows<f32, f32>(word(10) + (token * cols + col) * 4, cols * 4, 4, tokens, depth, packedA());
    stageCodes(line, 0, tileHeight(), col, depth, codes);
    for (let r: usize = 0; r < rows; r += ROWS) {
      for (let i: usize = 0; i < ROWS; i++) {
        const scale = r + i < rows ? load<f32>(scaleAt(first + r + i)) : 0;
        store<f32>(scales + i * 4, scale);
      }
      const from = codes + r * bitsOfWeight() / 8;
      const step = stageBytes(tileHeight());
      switch (<i32> bitsOfWeight()) {
        case 1:
          decodeColumns(1, from, step, depth, constants, panels);
          break;
        case 2:
          decodeColumns(2, from, step, depth, constants, panels);
          break;
        case 3:
          decodeColumns(3, from, step, depth, constants, panels);
          break;
        default:
          decodeColumns(4, from, step, depth, constants, panels);
      }
      for (let p: usize = 0; p < 4 && r + 8 * p < rows; p++) {
        const width = min<usize>(8, rows - r - 8 * p);
        const panel = panels + p * depth * 32;
        const to = out + (r + 8 * p) * 4;
        multiplyPanel<f32>(
          tokens,
          width,
          depth,
          packedA(),
          panel,
          to,
          lead,
          1,
          col > 0,
          ALL_COLUMNS,
        );
      }
    }
  }
}

/** Decodes 32 rows of columns into four panels of eight rows each. */
@inline
function decodeColumns(
  bits: i32,
  codes: usize,
  step: usize,
  depth: usize,
  constants: usize,
  panels: usize,
): void {
  const size = depth * 32;
  decodeHalf(bits, 0, codes, step, constants, panels, size);
  decodeHalf(bits, 1, codes, step, constants, panels + 16, size);
}

/** Of every column, four vectors of one weight of each panel become one of four for each panel. */
@inline
function decodeHalf(
  bits: i32,
  half: i32,
  codes: usize,
  step: usize,
  constants: usize,
  panels: usize,
  size: usize,
): void {
  const numbers = v128.load(constants), mask = v128.load(constants, 16);
  const multiplier = v128.load(constants, 32), ones = v128.load(constants, 48);
  const scales = constants + CONSTANTS_BYTES + half * 16;
  for (const end = panels + size; panels < end; panels += 32, codes += step) {
    const lanes = lanesOf(bits, codes, half, numbers);
    const a = sumsOf(hashesAt(bits, lanes, half, 0, mask, multiplier), ones);
    const b = sumsOf(hashesAt(bits, lanes, half, 1, mask, multiplier), ones);
    const c = sumsOf(hashesAt(bits, lanes, half, 2, mask, multiplier), ones);
    const d = sumsOf(hashesAt(bits, lanes, half, 3, mask, multiplier), ones);
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
    const abs = i32x4.shuffle(a, b, 2, 6, 3, 7), cds = i32x4.shuffle(c, d, 2, 6, 3, 7);
    storeWeights(i64x2.shuffle(ab, cd, 0, 2), scales, panels);
    storeWeights(i64x2.shuffle(ab, cd, 1, 3), scales + 32, panels + size);
    storeWeights(i64x2.shuffle(abs, cds, 0, 2), scales + 64, panels + 2 * size);
    storeWeights(i64x2.shuffle(abs, cds, 1, 3), scales + 96, panels + 3 * size);
  }
}

@inline
function storeWeights(sums: v128, scales: usize, target: usize): void {
  v128.store(target, f32x4.mul(v128.load(scales), f32x4.sub(sums, f32x4.splat(510))));
}
