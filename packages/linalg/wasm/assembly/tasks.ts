// Which code an operation runs. Every operation is cut into tasks by its shape alone; a task writes
// elements that no other task writes, so that it does not matter which thread runs it, and when.

import {
  ACTIVATE,
  AFFINE_MATMUL,
  ARROWHEAD_ROOTS,
  ARROWHEAD_ROW,
  ARROWHEAD_VECTORS,
  ATTENTION,
  ATTENTION_GRADIENT,
  ATTENTION_TILES,
  BIDIAGONAL_COLS,
  BIDIAGONAL_ROWS,
  BIDIAGONAL_TRIANGLES,
  BINARY,
  CAST,
  CHOLESKY_BLOCK,
  COPY_BLOCK,
  CORRECT_ROW,
  GATHER,
  GRAM,
  HADAMARD,
  HOUSEHOLDER_PANEL,
  HALF,
  MATMUL,
  MEASURE_COLUMNS,
  MULTIPLY_ROW,
  NEAREST,
  PACK_CODEBOOK,
  PIVOT_COLUMN,
  PIVOT_REST,
  REDUCE,
  REFLECT_ROW,
  RMS_NORM,
  ROTARY,
  ROTATE_ROWS,
  ROUND_COLUMNS,
  ROW_DOTS,
  SCALE,
  SECULAR_ROOTS,
  SECULAR_VECTORS,
  SECULAR_WEIGHTS,
  SOFTMAX,
  SOLVE_BLOCK,
  TRANSPOSE,
} from "../operations";
import { activateTask, activateTasks } from "./activate";
import { affineMatmulTask, affineMatmulTasks } from "./affine_matmul";
import {
  arrowheadRootsTask,
  arrowheadRootsTasks,
  arrowheadRowTask,
  arrowheadRowTasks,
  arrowheadVectorsTask,
  arrowheadVectorsTasks,
} from "./arrowhead_svd";
import { attentionTask, attentionTasks } from "./attention";
import { attentionGradientTask, attentionGradientTasks } from "./attention_gradient";
import { attentionTilesTask, attentionTilesTasks } from "./attention_tiles";
import { choleskyBlockTask } from "./cholesky_block";
import {
  bidiagonalColsTask,
  bidiagonalColsTasks,
  bidiagonalRowsTask,
  bidiagonalRowsTasks,
  bidiagonalTrianglesTask,
  bidiagonalTrianglesTasks,
} from "./bidiagonal_panel";
import { copyBlockTask, copyBlockTasks } from "./copy_block";
import { binaryTask, binaryTasks, castTask, castTasks, scaleTask, scaleTasks } from "./elementwise";
import { gatherTask, gatherTasks } from "./gather";
import { gramTask, gramTasks } from "./gram";
import { hadamardTask, hadamardTasks } from "./hadamard";
import { fromHalfTask, halfTasks, toHalfTask } from "./half";
import { householderPanelTask } from "./householder_panel";
import { matmulTask, matmulTasks } from "./matmul";
import { nearestTask, nearestTasks, packCodebookTask, packCodebookTasks } from "./nearest";
import {
  measureColumnsTask,
  measureColumnsTasks,
  pivotColumnTask,
  pivotRestTask,
  pivotRestTasks,
} from "./pivoted_panel";
import { reduceTask, reduceTasks } from "./reduce";
import { rmsNormTask, rmsNormTasks } from "./rms_norm";
import { rotaryTask, rotaryTasks } from "./rotary";
import { countRoundingTasks, runRoundingTask } from "./rounding_tasks";
import { rotateRowsTask, rotateRowsTasks } from "./rotate_rows";
import { rowDotsTask, rowDotsTasks } from "./row_dots";
import { secularRootsTask, secularRootsTasks } from "./secular_equation";
import {
  secularVectorsTask,
  secularVectorsTasks,
  secularWeightsTask,
  secularWeightsTasks,
} from "./secular_vectors";
import { softmaxTask, softmaxTasks } from "./softmax";
import { solveBlockTask, solveBlockTasks } from "./solve_block";
import { countLatticeTasks, runLatticeTask } from "./lattice_tasks";
import { countTrainingTasks, runTrainingTask } from "./training_tasks";
import { transposeTask, transposeTasks } from "./transpose";
import { countTrellisTasks, isOfTrellis, runTrellisTask } from "./trellis_tasks";
import { correctRow, multiplyRowTask, multiplyRowTasks, reflectRow } from "./tridiagonal_panel";

/** How many tasks the operation makes of its parameters. */
export function countTasks(operation: i32): usize {
  if (isOfTrellis(operation)) return countTrellisTasks(operation);
  switch (operation) {
    case MATMUL:
      return matmulTasks<f32>();
    case MATMUL + 1:
      return matmulTasks<f64>();
    case GRAM:
      return gramTasks();
    case GATHER:
      return gatherTasks();
    case COPY_BLOCK:
      return copyBlockTasks();
    case AFFINE_MATMUL:
      return affineMatmulTasks();
    case ARROWHEAD_ROOTS:
      return arrowheadRootsTasks();
    case ARROWHEAD_ROW:
      return arrowheadRowTasks();
    case ARROWHEAD_VECTORS:
      return arrowheadVectorsTasks();
    case PACK_CODEBOOK:
      return packCodebookTasks<f32>();
    case PACK_CODEBOOK + 1:
      return packCodebookTasks<f64>();
    case SECULAR_ROOTS:
      return secularRootsTasks();
    case SECULAR_WEIGHTS:
      return secularWeightsTasks();
  }
  switch (operation & ~1) {
    case TRANSPOSE:
      return transposeTasks();
    case REDUCE:
      return reduceTasks();
    case BINARY:
      return binaryTasks();
    case SCALE:
      return scaleTasks();
    case ACTIVATE:
      return activateTasks();
    case SOFTMAX:
      return softmaxTasks();
    case RMS_NORM:
      return rmsNormTasks();
    case ROTARY:
      return rotaryTasks();
    case ATTENTION:
      return attentionTasks();
    case ATTENTION_TILES:
      return attentionTilesTasks();
    case ATTENTION_GRADIENT:
      return attentionGradientTasks();
    case ROW_DOTS:
      return rowDotsTasks();
    case HADAMARD:
      return hadamardTasks();
    case CAST:
      return castTasks();
    case BIDIAGONAL_ROWS:
      return bidiagonalRowsTasks();
    case BIDIAGONAL_COLS:
      return bidiagonalColsTasks();
    case BIDIAGONAL_TRIANGLES:
      return bidiagonalTrianglesTasks();
    case HALF:
      return halfTasks();
    case CHOLESKY_BLOCK:
    case HOUSEHOLDER_PANEL:
    case PIVOT_COLUMN:
      return 1;
    case MEASURE_COLUMNS:
      return measureColumnsTasks();
    case PIVOT_REST:
      return pivotRestTasks();
    case SOLVE_BLOCK:
      return solveBlockTasks();
    case MULTIPLY_ROW:
      return multiplyRowTasks();
    case REFLECT_ROW:
    case CORRECT_ROW:
      return 1;
    case ROTATE_ROWS:
      return rotateRowsTasks();
    case NEAREST:
      return nearestTasks();
    case SECULAR_VECTORS:
      return secularVectorsTasks();
    default:
      if (operation >= ROUND_COLUMNS) return countRoundingTasks(operation);
      if (operation >= 140 && operation < 150) return countLatticeTasks(operation);
      return countTrainingTasks(operation);
  }
}

/** Runs one task of the operation. */
export function runTask(operation: i32, task: usize): void {
  if (isOfTrellis(operation)) return runTrellisTask(operation, task);
  switch (operation) {
    case MATMUL:
      return matmulTask<f32>(task);
    case MATMUL + 1:
      return matmulTask<f64>(task);
    case TRANSPOSE:
      return transposeTask<f32>(task);
    case TRANSPOSE + 1:
      return transposeTask<f64>(task);
    case REDUCE:
      return reduceTask<f32>(task);
    case REDUCE + 1:
      return reduceTask<f64>(task);
    case BINARY:
      return binaryTask<f32>(task);
    case BINARY + 1:
      return binaryTask<f64>(task);
    case SCALE:
      return scaleTask<f32>(task);
    case SCALE + 1:
      return scaleTask<f64>(task);
    case ACTIVATE:
      return activateTask<f32>(task);
    case ACTIVATE + 1:
      return activateTask<f64>(task);
    case SOFTMAX:
      return softmaxTask<f32>(task);
    case SOFTMAX + 1:
      return softmaxTask<f64>(task);
    case RMS_NORM:
      return rmsNormTask<f32>(task);
    case RMS_NORM + 1:
      return rmsNormTask<f64>(task);
    case ROTARY:
      return rotaryTask<f32>(task);
    case ROTARY + 1:
      return rotaryTask<f64>(task);
    case ATTENTION:
      return attentionTask<f32>(task);
    case ATTENTION + 1:
      return attentionTask<f64>(task);
    case ATTENTION_TILES:
      return attentionTilesTask<f32>(task);
    case ATTENTION_TILES + 1:
      return attentionTilesTask<f64>(task);
    case ATTENTION_GRADIENT:
      return attentionGradientTask<f32>(task);
    case ATTENTION_GRADIENT + 1:
      return attentionGradientTask<f64>(task);
    case ROW_DOTS:
      return rowDotsTask<f32>(task);
    case ROW_DOTS + 1:
      return rowDotsTask<f64>(task);
    case HADAMARD:
      return hadamardTask<f32>(task);
    case HADAMARD + 1:
      return hadamardTask<f64>(task);
    case CAST:
      return castTask<f32, f64>(task);
    case CAST + 1:
      return castTask<f64, f32>(task);
    case HALF:
      return fromHalfTask(task);
    case HALF + 1:
      return toHalfTask(task);
    case BIDIAGONAL_ROWS:
      return bidiagonalRowsTask<f32>(task);
    case BIDIAGONAL_ROWS + 1:
      return bidiagonalRowsTask<f64>(task);
    case BIDIAGONAL_COLS:
      return bidiagonalColsTask<f32>(task);
    case BIDIAGONAL_COLS + 1:
      return bidiagonalColsTask<f64>(task);
    case BIDIAGONAL_TRIANGLES:
      return bidiagonalTrianglesTask<f32>(task);
    case BIDIAGONAL_TRIANGLES + 1:
      return bidiagonalTrianglesTask<f64>(task);
    case GRAM:
      return gramTask(task);
    case GATHER:
      return gatherTask(task);
    case COPY_BLOCK:
      return copyBlockTask(task);
    case AFFINE_MATMUL:
      return affineMatmulTask(task);
    case CHOLESKY_BLOCK:
      return choleskyBlockTask<f32>();
    case CHOLESKY_BLOCK + 1:
      return choleskyBlockTask<f64>();
    case SOLVE_BLOCK:
      return solveBlockTask<f32>(task);
    case SOLVE_BLOCK + 1:
      return solveBlockTask<f64>(task);
    case REFLECT_ROW:
      return reflectRow<f32>();
    case REFLECT_ROW + 1:
      return reflectRow<f64>();
    case MULTIPLY_ROW:
      return multiplyRowTask<f32>(task);
    case MULTIPLY_ROW + 1:
      return multiplyRowTask<f64>(task);
    case CORRECT_ROW:
      return correctRow<f32>();
    case CORRECT_ROW + 1:
      return correctRow<f64>();
    case ROTATE_ROWS:
      return rotateRowsTask<f32>(task);
    case ROTATE_ROWS + 1:
      return rotateRowsTask<f64>(task);
    case ARROWHEAD_ROOTS:
      return arrowheadRootsTask(task);
    case ARROWHEAD_ROW:
      return arrowheadRowTask(task);
    case ARROWHEAD_VECTORS:
      return arrowheadVectorsTask(task);
    case HOUSEHOLDER_PANEL:
      return householderPanelTask<f32>();
    case HOUSEHOLDER_PANEL + 1:
      return householderPanelTask<f64>();
    case NEAREST:
      return nearestTask<f32>(task);
    case NEAREST + 1:
      return nearestTask<f64>(task);
    case PACK_CODEBOOK:
      return packCodebookTask<f32>(task);
    case PACK_CODEBOOK + 1:
      return packCodebookTask<f64>(task);
    case SECULAR_ROOTS:
      return secularRootsTask(task);
    case SECULAR_WEIGHTS:
      return secularWeightsTask(task);
    case SECULAR_VECTORS:
      return secularVectorsTask<f32>(task);
    case SECULAR_VECTORS + 1:
      return secularVectorsTask<f64>(task);
    case MEASURE_COLUMNS:
      return measureColumnsTask<f32>(task);
    case MEASURE_COLUMNS + 1:
      return measureColumnsTask<f64>(task);
    case PIVOT_COLUMN:
      return pivotColumnTask<f32>();
    case PIVOT_COLUMN + 1:
      return pivotColumnTask<f64>();
    case PIVOT_REST:
      return pivotRestTask<f32>(task);
    case PIVOT_REST + 1:
      return pivotRestTask<f64>(task);
    default:
      if (operation >= ROUND_COLUMNS) return runRoundingTask(operation, task);
      if (operation >= 140 && operation < 150) return runLatticeTask(operation, task);
      return runTrainingTask(operation, task);
  }
}
