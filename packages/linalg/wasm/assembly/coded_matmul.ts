// out = x · Wᵀ for a matrix that is stored as codes, restored a few rows at a time where they are needed.
//
// Of the parameters of every such product, 3 to 6 are x, tokens, rows and cols, and 11 is out.

import { dequantize, LAYOUT_BYTES } from "./dequantize";
import { restoreLattice } from "./lattice_codewords";
import { divideUp, grain, word } from "./memory";
import { tileCols } from "./micro_kernel";
import { packCols, packRows } from "./pack";
import {
  ALL_COLUMNS,
  BLOCK_ROWS,
  blockDepth,
  multiplyPanel,
  packedA,
  packedB,
  spare,
} from "./panels";
import { DOT_ROWS, dotBlock } from "./thin_dot";

/** Integers or levels, see dequantize.ts; the layout of their codes is at `spare()`. */
export const AFFINE_CODES: i32 = 0;
/** Those of a lattice. */
export const LATTICE_CODES: i32 = 1;

/** The most tokens whose products are summed one by one. */
export const THIN_TOKENS: usize = 8;
/** Rows of weights in one task where there are more tokens. */
const TASK_ROWS: usize = 256;
/** Columns restored at once for those, in as many rows as are multiplied at once. */
const COLS: usize = 2048;

/** Rows of weights in one task of few tokens. */
@inline
export function taskRows(): usize {
  return divideUp(grain(word(6) * word(4)), DOT_ROWS) * DOT_ROWS;
}

export function codedMatmulTasks(): usize {
  const tokens = word(4);
  if (tokens <= THIN_TOKENS) return divideUp(word(5), taskRows());
  return divideUp(tokens, BLOCK_ROWS) * divideUp(word(5), TASK_ROWS);
}

/** Writes `count` weights of one row from a column on that is a multiple of 8, rounded up to eights. */
@inline
function restore(codes: i32, row: usize, col: usize, count: usize, target: usize): void {
  if (codes == LATTICE_CODES) restoreLattice(row, col, count, target);
  else dequantize(row, col, count, spare(), target);
}

/** A task of few tokens. */
export function thinTask(codes: i32, task: usize): void {
  thinRows(codes, task * taskRows(), min(word(5), (task + 1) * taskRows()));
}

/** The products of few tokens with some rows. */
export function thinRows(codes: i32, first: usize, end: usize): void {
  const x = word(3);
  const tokens = word(4);
  const rows = word(5);
  const cols = word(6);
  const out = word(11);
  const weights = spare() + LAYOUT_BYTES;
  const sums = weights + DOT_ROWS * COLS * 4;
  for (let row = first; row < end; row += DOT_ROWS) {
    const count = min(DOT_ROWS, end - row);
    for (let col: usize = 0; col < cols; col += COLS) {
      const depth = min(COLS, cols - col);
      for (let i: usize = 0; i < count; i++) {
        restore(codes, row + i, col, depth, weights + i * COLS * 4);
      }
      const from = x + col * 4;
      const to = out + row * 4;
      dotBlock<f32>(
        from,
        cols * 4,
        tokens,
        weights,
        COLS * 4,
        count,
        depth,
        sums,
        to,
        rows * 4,
        4,
        1,
        col > 0,
      );
    }
  }
}

/** A task of many tokens. */
export function blockTask(codes: i32, task: usize): void {
  const x = word(3);
  const rows = word(5);
  const cols = word(6);
  const blocks = divideUp(word(4), BLOCK_ROWS);
  const token = task % blocks * BLOCK_ROWS;
  const row = task / blocks * TASK_ROWS;
  const height = min(BLOCK_ROWS, word(4) - token);
  const width = min(TASK_ROWS, rows - row);
  const c = word(11) + (token * rows + row) * 4;
  const weights = spare() + LAYOUT_BYTES;
  const weightLead = blockDepth<f32>() * 4;
  for (let col: usize = 0; col < cols; col += blockDepth<f32>()) {
    const depth = min(blockDepth<f32>(), cols - col);
    packRows<f32, f32>(x + (token * cols + col) * 4, cols * 4, 4, height, depth, packedA());
    for (let j: usize = 0; j < width; j += tileCols<f32>()) {
      const count = min(tileCols<f32>(), width - j);
      for (let i: usize = 0; i < count; i++) {
        restore(codes, row + j + i, col, depth, weights + i * weightLead);
      }
      packCols<f32, f32>(weights, weightLead, 4, count, depth, packedB());
      const a = packedA();
      const to = c + j * 4;
      multiplyPanel<f32>(
        height,
        count,
        depth,
        a,
        packedB(),
        to,
        rows * 4,
        1,
        col > 0,
        ALL_COLUMNS,
      );
    }
  }
}
