// Which code the operations of quantizers run that round column after column.

import { FIT_GRIDS, ROUND_COLUMNS } from "../operations";
import { fitGridsTask, fitGridsTasks } from "./fit_grids";
import { roundColumnsTask, roundColumnsTasks } from "./round_columns";

/** How many tasks the operation makes of its parameters. */
export function countRoundingTasks(operation: i32): usize {
  switch (operation) {
    case ROUND_COLUMNS:
      return roundColumnsTasks();
    case FIT_GRIDS:
      return fitGridsTasks();
    default:
      return 0;
  }
}

/** Runs one of them. */
export function runRoundingTask(operation: i32, task: usize): void {
  switch (operation) {
    case ROUND_COLUMNS:
      return roundColumnsTask(task);
    case FIT_GRIDS:
      return fitGridsTask(task);
  }
}
