// Rows normalized: to a sum of one, or to a mean square of one.

import { ShapeError, sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { rowsOf, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `Device.softmax`. */
export function softmax<S>(context: Context<S>, array: DeviceArray): DeviceArray {
  const action = "Cannot take the softmax";
  const [rows, cols] = rowsOf(action, array);
  return mapArray(context, action, "softmax", array, ({ x, out, dtype }) => {
    context.kernels.softmax({ x, out, dtype, rows, cols });
  });
}

/** See `Device.rmsNorm`. */
export function rmsNorm<S>(
  context: Context<S>,
  array: DeviceArray,
  gain: DeviceArray,
  epsilon: number,
): DeviceArray {
  const action = "Cannot normalize";
  const [, width] = rowsOf(action, array);
  sameDtype(action, array, gain);
  const cols = sizeOf(gain.shape);
  if (gain.shape.length !== 1 || width % cols !== 0) {
    throw new ShapeError(action, [width], gain.shape);
  }
  const gains = context.open(action, gain);
  return mapArray(context, action, "rmsNorm", array, ({ x, out, dtype, length }) => {
    context.kernels.rmsNorm({ x, gain: gains, out, dtype, rows: length / cols, cols, epsilon });
  });
}
