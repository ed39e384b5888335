import { sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { checkIndices, checkShape, matrixShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `TrainingSteps.scatterRows`. */
export function scatterRows<S>(
  context: Context<S>,
  target: DeviceArray,
  indices: DeviceArray,
  rows: DeviceArray,
): void {
  const action = "Cannot scatter rows";
  const dtype = context.float(action, target, "scatterRows");
  const [targetRows, cols] = matrixShape(action, target);
  const count = sizeOf(indices.shape);
  checkIndices(action, indices, [count]);
  checkShape(action, rows, [count, cols]);
  sameDtype(action, target, rows);
  context.kernels.scatterRows({
    target: context.open(action, target),
    indices: context.open(action, indices),
    rows: context.open(action, rows),
    dtype,
    targetRows,
    count,
    cols,
  });
}
