// out = x · Wᵀ for a matrix of integer codes, restored a few rows at a time where they are needed.

import { arrangeToken } from "./arrange_token";
import { codesOfStep } from "./code_lanes";
import { dequantize, LAYOUT_BYTES, writeLayout } from "./dequantize";
import { canDotCodes, dotCodes } from "./dot_codes";
import { canDotLevels, dotLevels } from "./dot_levels";
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

/** The most tokens whose products are summed one by one. */
const THIN_TOKENS: usize = 8;
/** Rows of weights in one task where there are more tokens. */
const TASK_ROWS: usize = 256;
/** Columns restored at once for those, in as many rows as are multiplied at once. */
const COLS: usize = 2048;

/** Rows of weights in one task. */
@inline
function taskRows(): usize {
  return divideUp(grain(word(6) * word(4)), DOT_ROWS) * DOT_ROWS;
}

export function affineMatmulTasks(): usize {
  const tokens = word(4);
  if (tokens <= THIN_TOKENS) return divideUp(word(5), taskRows());
  return divideUp(tokens, BLOCK_ROWS) * divideUp(word(5), TASK_ROWS);
}

/**
 * Codes, scales, zero points, x, tokens, rows, cols, bits, groupSize, groups, rowBytes, out, levels;
 * the address of the zero points is 0 if number 0 is the one for all, that of the levels if codes stand
 * for themselves.
 */
export function affineMatmulTask(task: usize): void {
  if (word(4) == 1 && canDotCodes()) return oneTask(task);
  writeLayout(word(7), spare());
  if (word(4) == 1 && canDotLevels()) levelsTask(task);
  else if (word(4) <= THIN_TOKENS) thinTask(task);
  else blockTask(task);
}

function oneTask(task: usize): void {
  const end = min(word(5), (task + 1) * taskRows());
  const step = codesOfStep();
  arrangeToken(step);
  for (let row = task * taskRows(); row < end; row++) {
    store<f32>(word(11) + row * 4, dotCodes(row, step));
  }
}

function levelsTask(task: usize): void {
  const end = min(word(5), (task + 1) * taskRows());
  for (let row = task * taskRows(); row < end; row++) {
    store<f32>(word(11) + row * 4, dotLevels(row, spare()));
  }
}

function thinTask(task: usize): void {
  const x = word(3);
  const tokens = word(4);
  const rows = word(5);
  const cols = word(6);
  const out = word(11);
  const weights = spare() + LAYOUT_BYTES;
  const sums = weights + DOT_ROWS * COLS * 4;
  const end = min(rows, (task + 1) * taskRows());
  for (let row = task * taskRows(); row < end; row += DOT_ROWS) {
    const count = min(DOT_ROWS, end - row);
    for (let col: usize = 0; col < cols; col += COLS) {
      const depth = min(COLS, cols - col);
      for (let i: usize = 0; i < count; i++) {
        dequantize(row + i, col, depth, spare(), weights + i * COLS * 4);
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

function blockTask(task: usize): void {
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
        dequantize(row + j + i, col, depth, spare(), weights + i * weightLead);
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
