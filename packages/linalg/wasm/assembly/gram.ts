// into += xᵀ x in f64: products of two f32 are exact there. Blocks on and below the diagonal are
// computed, of those on it the lower half, and added to both sides.

import { divideUp, word } from "./memory";
import { TILE_ROWS, tileCols } from "./micro_kernel";
import { packCols, packRows } from "./pack";
import {
  ALL_COLUMNS,
  blockDepth,
  evenBlock,
  multiplyPanel,
  packedA,
  packedB,
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
      const cols = min(tileCols<f64>(), width - col);
      const right = diagonal - <isize> col + 1;
      const c = spare() + col * 8;
      packCols<f32, f64>(x + l * lead + (j + col) * 4, 4, lead, cols, depth, packedB());
      const a = packedA();
      multiplyPanel<f64>(height, cols, depth, a, packedB(), c, BLOCK * 8, 1, l > 0, right);
    }
  }
  const into = word(1);
  addBlock(into + (i * cols + j) * 8, cols * 8, 8, height, width, diagonal);
  // What lies on the diagonal has no other side.
  addBlock(into + (j * cols + i) * 8, 8, cols * 8, height, width, i == j ? -1 : ALL_COLUMNS);
}

/** Adds what stands in columns up to the row's number + `diagonal`. */
function addBlock(
  into: usize,
  rowStep: usize,
  colStep: usize,
  height: usize,
  width: usize,
  diagonal: isize,
): void {
  for (let i: usize = 0; i < height; i++) {
    let target = into + i * rowStep;
    const end = <usize> max<isize>(0, min<isize>(<isize> width, diagonal + <isize> i + 1));
    for (let j: usize = 0; j < end; j++, target += colStep) {
      store<f64>(target, load<f64>(target) + load<f64>(spare() + (i * BLOCK + j) * 8));
    }
  }
}
