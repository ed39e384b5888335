import { ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { RoundColumnsParams } from "../rounding_kernels.ts";
import type { ColumnFeedback, ColumnGrids } from "../rounding_steps.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import { checkCount, checkIndices, checkShape, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `RoundingSteps.roundColumns`. */
export function roundColumns<S>(
  context: Context<S>,
  target: DeviceArray,
  grids: ColumnGrids,
  feedback?: ColumnFeedback,
): DeviceArray {
  const action = "Cannot round columns";
  const [rows, cols] = matrixShape(action, target);
  const [stepRows, perRow] = matrixShape(action, grids.steps);
  if (stepRows !== rows) throw new ShapeError(action, [rows, perRow], grids.steps.shape);
  checkIndices(action, grids.gridOf, [cols]);
  if (feedback) {
    checkCount(action, "the columns", cols, 1, MAX_BLOCK);
    checkShape(action, feedback.weight, [rows, cols]);
    checkShape(action, feedback.triangle, [cols, cols]);
  }
  const levels = levelsOf(context, action, grids);
  const arrays = [target, grids.steps, ...(feedback ? [feedback.weight, feedback.triangle] : [])];
  for (const array of arrays) checkF32(action, array);
  const out = context.make(action, "f32", [rows, cols]);
  context.kernels.roundColumns({
    target: context.open(action, target),
    feedback: feedback
      ? {
        weight: context.open(action, feedback.weight),
        triangle: context.open(action, feedback.triangle),
      }
      : null,
    steps: context.open(action, grids.steps),
    gridOf: context.open(action, grids.gridOf),
    ...levels,
    out: context.open(action, out),
    rows,
    cols,
    grids: perRow,
  });
  return out;
}

function levelsOf<S>(
  context: Context<S>,
  action: string,
  { levels, steps }: ColumnGrids,
): Pick<RoundColumnsParams<S>, "zeroPoints" | "table" | "count"> {
  if ("table" in levels) {
    const { table } = levels;
    if (table.shape.length !== 1) throw new ShapeError(action, [-1], table.shape);
    const [count] = table.shape;
    checkCount(action, "the count of levels", count, 2, 256);
    checkF32(action, table);
    return { zeroPoints: 0, table: context.open(action, table), count };
  }
  const { zeroPoints, count } = levels;
  checkCount(action, "the count of levels", count, 2, 256);
  if (typeof zeroPoints === "number") return { zeroPoints, table: null, count };
  checkShape(action, zeroPoints, steps.shape);
  checkF32(action, zeroPoints);
  return { zeroPoints: context.open(action, zeroPoints), table: null, count };
}

/** Throws unless an array is f32. */
export function checkF32(action: string, array: DeviceArray): void {
  if (array.dtype !== "f32") {
    throw new TypeError(`${action} as the dtype must be f32: current dtype is ${array.dtype}`);
  }
}
