import type { DeviceArray } from "../device_array.ts";
import { checkIndices, checkShape, matrixShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.rotateRows`. */
export function rotateRows<S>(
  context: Context<S>,
  matrix: DeviceArray,
  pairs: DeviceArray,
  factors: DeviceArray,
): void {
  const action = "Cannot rotate rows";
  const dtype = context.float(action, matrix, "rotateRows");
  const [rows, cols] = matrixShape(action, matrix);
  const [count] = matrixShape(action, pairs);
  checkIndices(action, pairs, [count, 2]);
  checkShape(action, factors, [count, 2]);
  sameDtype(action, matrix, factors);
  context.kernels.rotateRows({
    matrix: context.open(action, matrix),
    pairs: context.open(action, pairs),
    factors: context.open(action, factors),
    dtype,
    rows,
    cols,
    count,
  });
}
