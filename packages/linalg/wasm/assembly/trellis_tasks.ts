// The operations on trellis-coded weights, as tasks.ts has all others.

import { ENCODE_TRELLIS, TRELLIS_MATMUL, TRELLIS_TABLE, TRELLIS_VECTOR } from "../operations";
import { encodeTrellisTask, encodeTrellisTasks, trellisTableTask, trellisTableTasks } from "./encode_trellis";
import { trellisMatmulTask, trellisMatmulTasks } from "./trellis_matmul";
import { trellisVectorTask, trellisVectorTasks } from "./trellis_vector";

/** Whether it is one of them. */
@inline
export function isOfTrellis(operation: i32): bool {
  return operation >= TRELLIS_TABLE && operation <= TRELLIS_MATMUL;
}

/** How many tasks the operation makes of its parameters. */
export function countTrellisTasks(operation: i32): usize {
  switch (operation) {
    case TRELLIS_TABLE:
      return trellisTableTasks();
    case ENCODE_TRELLIS:
      return encodeTrellisTasks();
    case TRELLIS_VECTOR:
      return trellisVectorTasks();
    default:
      return trellisMatmulTasks();
  }
}

/** Runs one task of the operation. */
export function runTrellisTask(operation: i32, task: usize): void {
  switch (operation) {
    case TRELLIS_TABLE:
      return trellisTableTask(task);
    case ENCODE_TRELLIS:
      return encodeTrellisTask(task);
    case TRELLIS_VECTOR:
      return trellisVectorTask(task);
    default:
      return trellisMatmulTask(task);
  }
}
