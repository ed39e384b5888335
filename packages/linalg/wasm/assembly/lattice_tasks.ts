// Which code the operations on codes of lattices run.

import { LATTICE_MATMUL, NEAREST_LATTICE } from "../operations";
import { blockTask, codedMatmulTasks, LATTICE_CODES, taskRows, THIN_TOKENS, thinTask } from "./coded_matmul";
import { dotLattice, MOST_LATTICE_COLS, prepareToken } from "./dot_lattice";
import { word } from "./memory";
import { nearestLatticeTask, nearestLatticeTasks } from "./nearest_lattice";

/** How many tasks the operation makes of its parameters; 0 if it is not one of these. */
export function countLatticeTasks(operation: i32): usize {
  switch (operation) {
    case NEAREST_LATTICE:
      return nearestLatticeTasks();
    case LATTICE_MATMUL:
      return codedMatmulTasks();
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
      if (word(4) == 1 && word(6) <= MOST_LATTICE_COLS) oneTask(task);
      else if (word(4) <= THIN_TOKENS) thinTask(LATTICE_CODES, task);
      else blockTask(LATTICE_CODES, task);
  }
}

/** A task of one token. */
function oneTask(task: usize): void {
  prepareToken();
  const end = min(word(5), (task + 1) * taskRows());
  for (let row = task * taskRows(); row < end; row++) {
    store<f32>(word(11) + row * 4, dotLattice(row));
  }
}
