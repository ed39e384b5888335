// Many systems with one small triangle, X Tᵀ = B, in place. One task is a strip of systems.

import { divideUp, word } from "./memory";
import { TILE_ROWS, tileCols } from "./micro_kernel";
import { copyCorner, group, packPanel, substitute } from "./triangle";

/** Groups of systems in a task: packing T once for them costs little beside substituting. */
const GROUPS: usize = 8;

export function solveBlockTasks(): usize {
  return divideUp(word(7), GROUPS * TILE_ROWS);
}

/** T, bytes between its rows and columns, unknowns, X, bytes between systems and unknowns, systems, unit. */
export function solveBlockTask<T>(task: usize): void {
  const rowT = word(1);
  const colT = word(2);
  const n = word(3);
  const rowX = word(5);
  const colX = word(6);
  const first = task * GROUPS * TILE_ROWS;
  const count = min(GROUPS * TILE_ROWS, word(7) - first);
  const x = word(4) + first * rowX;
  for (let j: usize = 0; j < n; j += tileCols<T>()) {
    const width = min(tileCols<T>(), n - j);
    packPanel<T>(word(0) + j * rowT, rowT, colT, width, j);
    copyCorner<T>(word(0) + j * (rowT + colT), rowT, colT, width, word(8) != 0);
    for (let r: usize = 0, index: usize = 0; r < count; r += TILE_ROWS, index++) {
      const height = min(TILE_ROWS, count - r);
      substitute<T>(j, width, group<T>(index), x + r * rowX + j * colX, rowX, colX, 0, height);
    }
  }
}
