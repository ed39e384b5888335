// into += xᵀ x in f64: products of two f32 are exact there. Blocks on and below the diagonal are
// computed, of those on it the lower half, and added to both sides.

import { divideUp, word } from "./memory";
import { TILE_ROWS, tileCols } from "./micro_kernel";
import { multiplyCols } from "./multiply_cols";
import { packRows } from "./pack";
import {
  ALL_COLUMNS,
  blockDepth,
  evenBlock,
  packedA,
  spare,
} from "./panels";

/** The most rows and columns of one block; its f64 elements fit in what a thread has to spare. */
const BLOCK: usize = 240;

/** Rows and columns of one block, in whole tiles. */
@inline
function side(): usize {
  return evenBlock(word(3), BLOCK, 2 * TILE_ROWS);
}

export function gramTasks(): usize {
  const blocks = divideUp(word(3), side());
  return blocks * (blocks + 1) / 2;
}

/** x, into, rows, cols. */
export function gramTask(task: usize): void {
  const x = word(0);
  const rows = word(2);
  const cols = word(3);
  // The blocks below the diagonal in order of rows: row I has I + 1 of them.
  let I: usize = 0;
  while (task > I) task -= ++I;
  const i = I * side();
  const j = task * side();
  const height = min(side(), cols - i);
  const width = min(side(), cols - j);
  const diagonal = i == j ? 0 : ALL_COLUMNS;
  const lead = cols * 4;
  for (let l: usize = 0; l < rows; l += blockDepth<f64>()) {
    const depth = min(blockDepth<f64>(), rows - l);
    packRows<f32, f64>(x + l * lead + i * 4, 4, lead, height, depth, packedA());
    for (let col: usize = 0; col < width; col += tileCols<f64>()) {
      const b = x + l * lead + (j + col) * 4;
      const c = spare() + col * 8;
      const right = diagonal - <isize> col + 1;
      multiplyCols<f32, f64>(height, width - col, depth, b, 4, lead, c, BLOCK * 8, 1, l > 0, right);
    }
  }
  addRows(word(1) + (i * cols + j) * 8, cols * 8, height, width, diagonal);
  // What lies on the diagonal has no other side.
  addCols(word(1) + (j * cols + i) * 8, cols * 8, height, width, i == j ? 1 : 0);
}

/** Adds the block as it lies: of row i what stands in columns up to i + diagonal. */
function addRows(
  into: usize,
  lead: usize,
  height: usize,
  width: usize,
  diagonal: isize,
): void {
  for (let i: usize = 0; i < height; i++, into += lead) {
    const end = <usize> max<isize>(0, min<isize>(<isize> width, diagonal + <isize> i + 1));
    let from = spare() + i * BLOCK * 8;
    let to = into;
    let j: usize = 0;
    for (; j + 2 <= end; j += 2, from += 16, to += 16) {
      v128.store(to, f64x2.add(v128.load(to), v128.load(from)));
    }
    if (j < end) store<f64>(to, load<f64>(to) + load<f64>(from));
  }
}

/** Rows whose elements fill a line of the cache where they are columns. */
const LINE: usize = 8;

/** Adds the block transposed, of column j what stands below row j where it is `onDiagonal`, or all. */
function addCols(
  into: usize,
  lead: usize,
  height: usize,
  width: usize,
  onDiagonal: usize,
): void {
  for (let start: usize = 0; start < height; start += LINE) {
    const end = min(height, start + LINE);
    for (let j: usize = 0; j < width; j++) {
      for (let i = onDiagonal ? max(start, j + 1) : start; i < end; i++) {
        const to = into + j * lead + i * 8;
        store<f64>(to, load<f64>(to) + load<f64>(spare() + (i * BLOCK + j) * 8));
      }
    }
  }
}
