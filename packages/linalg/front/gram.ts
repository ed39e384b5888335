import type { DeviceArray } from "../device_array.ts";
import { checkShape, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.gram`. */
export function gram<S>(context: Context<S>, x: DeviceArray, into: DeviceArray): void {
  const action = "Cannot add a Gram matrix";
  const [rows, cols] = matrixShape(action, x);
  if (x.dtype !== "f32" || into.dtype !== "f64") {
    throw new TypeError(
      `${action} as it must add f32 to f64: current dtypes are ${x.dtype} and ${into.dtype}`,
    );
  }
  checkShape(action, into, [cols, cols]);
  context.kernels.gram({
    x: context.open(action, x),
    into: context.open(action, into),
    rows,
    cols,
  });
}
