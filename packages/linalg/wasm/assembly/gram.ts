// into += xᵀ x in f64: products of two f32 are exact there. Blocks on and above the diagonal are
// computed and added to both sides of it.

import { divideUp, word } from "./memory";
import { packCols, packRows } from "./pack";
import { ALL_COLUMNS, blockDepth, multiplyPanels, packedA, packedB, spare } from "./panels";

/** Rows and columns of one block; its f64 elements fit in what a thread has to spare. */
const BLOCK: usize = 120;

export function gramTasks(): usize {
  const blocks = divideUp(word(3), BLOCK);
  return blocks * (blocks + 1) / 2;
}

/** x, into, rows, cols. */
export function gramTask(task: usize): void {
  const x = word(0);
  const rows = word(2);
  const cols = word(3);
  // The blocks above the diagonal in order of columns: column J has J + 1 of them.
  let J: usize = 0;
  while (task > J) task -= ++J;
  const i = task * BLOCK;
  const j = J * BLOCK;
  const height = min(BLOCK, cols - i);
  const width = min(BLOCK, cols - j);
  const lead = cols * 4;
  for (let l: usize = 0; l < rows; l += blockDepth<f64>()) {
    const depth = min(blockDepth<f64>(), rows - l);
    packRows<f32, f64>(x + l * lead + i * 4, 4, lead, height, depth, packedA());
    packCols<f32, f64>(x + l * lead + j * 4, 4, lead, width, depth, packedB());
    multiplyPanels<f64>(height, width, depth, spare(), BLOCK * 8, 1, l > 0, ALL_COLUMNS);
  }
  const into = word(1);
  addBlock(into + (i * cols + j) * 8, cols * 8, 8, height, width);
  if (i != j) addBlock(into + (j * cols + i) * 8, 8, cols * 8, height, width);
}

function addBlock(into: usize, rowStep: usize, colStep: usize, height: usize, width: usize): void {
  for (let i: usize = 0; i < height; i++) {
    let target = into + i * rowStep;
    for (let j: usize = 0; j < width; j++, target += colStep) {
      store<f64>(target, load<f64>(target) + load<f64>(spare() + (i * BLOCK + j) * 8));
    }
  }
}
