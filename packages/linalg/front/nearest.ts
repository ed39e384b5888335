import { ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { matrixShape, rowsOf, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.nearest`. */
export function nearest<S>(
  context: Context<S>,
  x: DeviceArray,
  codebook: DeviceArray,
): DeviceArray {
  const action = "Cannot find nearest rows";
  const dtype = context.float(action, x, "nearest");
  sameDtype(action, x, codebook);
  const [rows, cols] = rowsOf(action, x);
  const [count, length] = matrixShape(action, codebook);
  if (length !== cols) throw new ShapeError(action, [count, cols], codebook.shape);
  const result = context.make(action, "u32", x.shape.slice(0, -1));
  context.kernels.nearest({
    x: context.open(action, x),
    codebook: context.open(action, codebook),
    out: context.open(action, result),
    dtype,
    rows,
    cols,
    count,
  });
  return result;
}
