import type { DeviceArray } from "../device_array.ts";
import { matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.transpose`. */
export function transpose<S>(context: Context<S>, matrix: DeviceArray): DeviceArray {
  const action = "Cannot transpose";
  const dtype = context.float(action, matrix, "transpose");
  const [rows, cols] = matrixShape(action, matrix);
  const result = context.make(action, dtype, [cols, rows]);
  const x = context.open(action, matrix);
  const out = context.open(action, result);
  context.kernels.transpose({ x, out, dtype, rows, cols });
  return result;
}
