// c = alpha · op(a) · op(b) (+ c). One task is one block of c, so that every element is summed by
// one thread, in the order of the inner dimension, cut at the same places, however large the blocks
// are and however many threads there are.
//
// A block packs its rows of a, and of b one panel after the other; thin products, which read b only
// once, do not pack it.

import { divideUp, number, word } from "./memory";
import { TILE_ROWS, tileCols } from "./micro_kernel";
import { multiplyCols } from "./multiply_cols";
import { packRows } from "./pack";
import {
  ALL_COLUMNS,
  BLOCK_ROWS,
  blockDepth,
  evenBlock,
  packedA,
} from "./panels";
import { dotTask, dotTasks } from "./thin_dot";
import { sumRowsTask, sumRowsTasks } from "./thin_sum";

/** The most rows of a product that reads b straight, as it lies, and where it lies transposed. */
const SUM_ROWS: usize = 5;
const DOT_ROWS: usize = 24;

/** How many tasks there should be for each thread, so that none waits long for the last one. */
const TASKS_PER_THREAD: usize = 4;
/** Of so few rows there is one: b is read in longer runs, and the time goes to reading it. */
const FEW_ROWS: usize = 32;
/** The fewest columns that it is worth to pack rows of a for, in whole tiles of either dtype. */
const LEAST_COLS: usize = 128;
/** What it costs a block of rows to pack columns of b, in rows that are multiplied meanwhile. */
const PACKING_ROWS: usize = 8;
/** The most columns, so that c stays in the caches from one step of the inner dimension to the next. */
const MOST_COLS: usize = 1024;
const TILE_COLS: usize = 8;

@inline
function transposeA(): bool {
  return word(10) != 0;
}

@inline
function transposeB(): bool {
  return word(11) != 0;
}

/** Whether only elements on and below the diagonal are written. */
@inline
function isLower(): bool {
  return word(15) != 0;
}

@inline
function isThin(): bool {
  const m = word(3);
  return !isLower() && (m == 1 || (m <= (transposeB() ? DOT_ROWS : SUM_ROWS) && !transposeA()));
}

/** Rows of c in one task: where there would be few tasks, so many that all threads end the soonest. */
function taskRows(): usize {
  const m = word(3);
  const threads = word(16);
  const least = divideUp(m, BLOCK_ROWS);
  const columns = word(6) * divideUp(word(4), LEAST_COLS);
  const wanted = TASKS_PER_THREAD * threads;
  let best = evenBlock(m, BLOCK_ROWS, TILE_ROWS);
  if (threads == 1 || columns * least >= wanted) return best;
  let soonest = usize.MAX_VALUE;
  for (let blocks = least; blocks <= wanted; blocks++) {
    const rows = evenBlock(m, divideUp(m, blocks), TILE_ROWS);
    const turns = divideUp(columns * divideUp(m, rows), threads);
    const end = turns * (rows + PACKING_ROWS);
    if (end < soonest) {
      soonest = end;
      best = rows;
    }
  }
  return best;
}

/** Columns of c in one task: fewer where there would be too few tasks for the threads. */
function taskCols(): usize {
  const others = word(6) * divideUp(word(3), taskRows());
  const threads = word(16);
  const each: usize = word(3) <= FEW_ROWS ? 1 : TASKS_PER_THREAD;
  const wanted = threads > 1 ? divideUp(each * threads, others) : 1;
  const most = max<usize>(LEAST_COLS, min<usize>(MOST_COLS, word(4) / wanted));
  return evenBlock(word(4), most, TILE_COLS);
}

export function matmulTasks<T>(): usize {
  const batch = word(6);
  if (isThin()) return batch * (transposeB() ? dotTasks() : sumRowsTasks<T>());
  return batch * divideUp(word(3), taskRows()) * divideUp(word(4), taskCols());
}

/**
 * a, b, c, m, n, k, batch, strides of a, b and c, transposed a and b, accumulate, leadC, stepC, lower,
 * threads.
 */
export function matmulTask<T>(task: usize): void {
  const batch = word(6);
  const product = task % batch;
  const part = task / batch;
  const size = sizeof<T>();
  const a = word(0) + product * word(7) * size;
  const b = word(1) + product * word(8) * size;
  const c = word(2) + product * word(9) * size;
  const alpha = <T> number(0);
  if (!isThin()) blockTask<T>(part, a, b, c, alpha);
  else if (transposeB()) dotTask<T>(part, a, b, c, alpha);
  else sumRowsTask<T>(part, a, b, c, alpha);
}

function blockTask<T>(part: usize, a: usize, b: usize, c: usize, alpha: T): void {
  const size = sizeof<T>();
  const m = word(3);
  const n = word(4);
  const k = word(5);
  const lead = word(13) * size;
  const rowA = transposeA() ? size : k * size;
  const stepA = transposeA() ? m * size : size;
  const colB = transposeB() ? k * size : size;
  const stepB = transposeB() ? size : n * size;
  const height = taskRows();
  const width = taskCols();
  const blocks = divideUp(m, height);
  const i = part % blocks * height;
  const j = part / blocks * width;
  const rows = min(height, m - i);
  const cols = min(width, n - j);
  // Of row r of the block, columns up to r + diagonal are written.
  const diagonal = isLower() ? <isize> (i - j) : ALL_COLUMNS;
  if (<isize> rows + diagonal <= 0) return;
  a += i * rowA;
  b += j * colB;
  c += i * lead + j * size;
  let accumulate = word(12) != 0;
  for (let l: usize = 0; l < k; l += blockDepth<T>()) {
    const depth = min(blockDepth<T>(), k - l);
    packRows<T, T>(a + l * stepA, rowA, stepA, rows, depth, packedA());
    for (let col: usize = 0; col < cols; col += tileCols<T>()) {
      const from = b + l * stepB + col * colB;
      const to = c + col * size;
      multiplyCols<T, T>(rows, cols - col, depth, from, colB, stepB, to, lead, alpha, accumulate, diagonal - <isize> col + 1);
    }
    accumulate = true;
  }
}
