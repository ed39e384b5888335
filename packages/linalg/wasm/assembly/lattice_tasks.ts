// Which code the operations on codes of lattices run.

import { LATTICE_MATMUL, NEAREST_LATTICE } from "../operations";
import { blockTask, codedMatmulTasks, LATTICE_CODES, THIN_TOKENS, thinRows, thinTask } from "./coded_matmul";
import { dotLattice, LATTICE_ROWS } from "./dot_lattice";
import { divideUp, grain, word } from "./memory";
import { nearestLatticeTask, nearestLatticeTasks } from "./nearest_lattice";
import { MOST_LATTICE_COLS, prepareToken } from "./split_token";

/** How many tasks the operation makes of its parameters; 0 if it is not one of these. */
export function countLatticeTasks(operation: i32): usize {
  switch (operation) {
    case NEAREST_LATTICE:
      return nearestLatticeTasks();
    case LATTICE_MATMUL:
      return isOne() ? divideUp(word(5), taskRows()) : codedMatmulTasks();
    default:
      return 0;
  }
}

/** Runs one task of the operation. */
export function runLatticeTask(operation: i32, task: usize): void {
  switch (operation) {
    case NEAREST_LATTICE:
      return nearestLatticeTask(task);
    case LATTICE_MATMUL:
      if (isOne()) oneTask(task);
      else if (word(4) <= THIN_TOKENS) thinTask(LATTICE_CODES, task);
      else blockTask(LATTICE_CODES, task);
  }
}

/** Whether there is one token, which a thread has room for. */
@inline
function isOne(): bool {
  return word(4) == 1 && word(6) <= MOST_LATTICE_COLS;
}

/** Rows of weights in one task of one token. */
@inline
function taskRows(): usize {
  return divideUp(grain(word(6)), LATTICE_ROWS) * LATTICE_ROWS;
}

/** A task of one token; one that is not finite cannot be split. */
function oneTask(task: usize): void {
  const first = task * taskRows();
  const end = min(word(5), first + taskRows());
  if (!prepareToken()) return thinRows(LATTICE_CODES, first, end);
  for (let row = first; row < end; row += LATTICE_ROWS) dotLattice(row, end - 1, word(11));
}
