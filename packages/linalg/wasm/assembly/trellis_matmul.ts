// out = x · Wᵀ for tokens and a matrix of trellis codes, decoded into panels for the micro-kernel, up to
// 128 rows of a column at a time.

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
import { madd, zero } from "./simd";
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
import { bitsOfState, bitsOfWeight, rowsOfAll, scaleAt, tileHeight, tileLines } from "./trellis_layout";

/** Bytes of sixteen panels: eight rows of `blockDepth` columns each. */
const PANELS_BYTES: usize = 16 * 256 * 32;
/** The most rows that are decoded at once. */
const MOST_ROWS: usize = 128;

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
  const panels = scales + MOST_ROWS * 4;
  const codes = panels + PANELS_BYTES;
  writeConstants(constants);
  for (let col: usize = 0; col < cols; col += blockDepth<f32>()) {
    const depth = min(blockDepth<f32>(), cols - col);
    packRows<f32, f32>(word(10) + (token * cols + col) * 4, cols * 4, 4, tokens, depth, packedA());
    stageCodes(line, 0, tileHeight(), col, depth, codes);
    for (let r: usize = 0; r < rows; r += rowsAtOnce()) {
      for (let i: usize = 0; i < rowsAtOnce(); i++) {
        const scale = r + i < rows ? load<f32>(scaleAt(first + r + i)) : 0;
        store<f32>(scales + i * 4, scale);
      }
      const from = codes + r * bitsOfWeight() / 8;
      const step = stageBytes(tileHeight());
      switch (<i32> bitsOfWeight()) {
        case 1:
          decodePanels(1, from, step, depth, constants, panels);
          break;
        case 2:
          decodePanels(2, from, step, depth, constants, panels);
          break;
        case 3:
          decodePanels(3, from, step, depth, constants, panels);
          break;
        default:
          decodePanels(4, from, step, depth, constants, panels);
      }
      for (let p: usize = 0; p * 8 < min(rowsAtOnce(), rows - r); p++) {
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

/** Decodes eight groups of rows of columns into panels of eight rows each. */
@inline
function decodePanels(
  bits: i32,
  codes: usize,
  step: usize,
  depth: usize,
  constants: usize,
  panels: usize,
): void {
  if (bitsOfState() > 12) decodeColumns(bits, true, codes, step, depth, constants, panels);
  else decodeColumns(bits, false, codes, step, depth, constants, panels);
}

@inline
function decodeColumns(
  bits: i32,
  isWide: bool,
  codes: usize,
  step: usize,
  depth: usize,
  constants: usize,
  panels: usize,
): void {
  const size = depth * 32;
  for (const end = panels + size; panels < end; panels += 32, codes += step) {
    decodeWeights(bits, isWide, 0, codes, constants, panels, size);
    if (bits < 4) decodeWeights(bits, isWide, 4, codes, constants, panels, size);
    if (bits > 1) continue;
    decodeWeights(bits, isWide, 8, codes, constants, panels, size);
    decodeWeights(bits, isWide, 12, codes, constants, panels, size);
  }
}

/** Decodes weights `j` to `j` + 3 of each group. */
@inline
function decodeWeights(
  bits: i32,
  isWide: bool,
  j: i32,
  codes: usize,
  constants: usize,
  panels: usize,
  size: usize,
): void {
  const a = decodeAt(bits, isWide, codes, j, constants);
  const b = decodeAt(bits, isWide, codes, j + 1, constants);
  const c = decodeAt(bits, isWide, codes, j + 2, constants);
  const d = decodeAt(bits, isWide, codes, j + 3, constants);
  // Of four vectors of one weight of each group, the four weights of a group come together.
  const ab = i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const cd = i16x8.shuffle(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  const abs = i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  const cds = i16x8.shuffle(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  const scales = constants + CONSTANTS_BYTES;
  storePair(bits, j, 0, i32x4.shuffle(ab, cd, 0, 4, 1, 5), scales, panels, size);
  storePair(bits, j, 2, i32x4.shuffle(ab, cd, 2, 6, 3, 7), scales, panels, size);
  storePair(bits, j, 4, i32x4.shuffle(abs, cds, 0, 4, 1, 5), scales, panels, size);
  storePair(bits, j, 6, i32x4.shuffle(abs, cds, 2, 6, 3, 7), scales, panels, size);
}

@inline
function decodeAt(bits: i32, isWide: bool, codes: usize, j: i32, constants: usize): v128 {
  const numbers = v128.load(constants), mask = v128.load(constants, 16);
  codes += byteOf(bits, j);
  const from = sixteensAt(bits, codes, numbers), next = sixteensAt(bits, codes + 1, numbers);
  const states = statesOf(bits, isWide, j, from, next, mask);
  const first = v128.load(constants, 32), second = v128.load(constants, 48);
  return halvesOf(bits, isWide, states, first, second, v128.load(constants, 64));
}

/** Stores four weights of a group, from `j` on, and four of the next one, whose upper halves these are. */
@inline
function storePair(
  bits: i32,
  j: i32,
  group: i32,
  halves: v128,
  scales: usize,
  panels: usize,
  size: usize,
): void {
  const row: usize = group * groupRows(bits) + j;
  const low = i16x8.shuffle(zero(), halves, 0, 8, 1, 9, 2, 10, 3, 11);
  storeWeights(row, low, scales, panels, size);
  const high = i16x8.shuffle(zero(), halves, 4, 12, 5, 13, 6, 14, 7, 15);
  storeWeights(row + groupRows(bits), high, scales, panels, size);
}

@inline
function storeWeights(row: usize, floats: v128, scales: usize, panels: usize, size: usize): void {
  const levels = madd<f32>(floats, f32x4.splat(1024), f32x4.splat(-MIDDLE));
  const weights = f32x4.mul(v128.load(scales + row * 4), levels);
  v128.store(panels + (row >> 3) * size + (row & 7) * 4, weights);
}
