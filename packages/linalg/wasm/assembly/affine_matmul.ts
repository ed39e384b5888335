// out = x · Wᵀ for a matrix of integer codes, restored a few rows at a time where they are needed.

import { arrangeToken } from "./arrange_token";
import { codesOfStep } from "./code_lanes";
import { AFFINE_CODES, blockTask, codedMatmulTasks, taskRows, THIN_TOKENS, thinTask } from "./coded_matmul";
import { writeLayout } from "./dequantize";
import { canDotCodes, dotCodes } from "./dot_codes";
import { canDotLevels, dotLevels } from "./dot_levels";
import { word } from "./memory";
import { spare } from "./panels";

export function affineMatmulTasks(): usize {
  return codedMatmulTasks();
}

/**
 * Codes, scales, zero points, x, tokens, rows, cols, bits, groupSize, groups, rowBytes, out, levels;
 * the address of the zero points is 0 if number 0 is the one for all, that of the levels if codes stand
 * for themselves.
 */
export function affineMatmulTask(task: usize): void {
  if (word(4) == 1 && canDotCodes()) return oneTask(task);
  writeLayout(word(7), spare());
  if (word(4) == 1 && canDotLevels()) levelsTask(task);
  else if (word(4) <= THIN_TOKENS) thinTask(AFFINE_CODES, task);
  else blockTask(AFFINE_CODES, task);
}

function oneTask(task: usize): void {
  const end = min(word(5), (task + 1) * taskRows());
  const step = codesOfStep();
  arrangeToken(step);
  for (let row = task * taskRows(); row < end; row++) {
    store<f32>(word(11) + row * 4, dotCodes(row, step));
  }
}

function levelsTask(task: usize): void {
  const end = min(word(5), (task + 1) * taskRows());
  for (let row = task * taskRows(); row < end; row++) {
    store<f32>(word(11) + row * 4, dotLevels(row, spare()));
  }
}
