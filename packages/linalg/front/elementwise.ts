// Element by element, with a second array, a number or a function.

import { sizeOf } from "@pare/tensor";
import type { Activation } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `Device.add`, `Device.subtract` and `Device.multiply`. */
export function binary<S>(
  context: Context<S>,
  operation: "add" | "subtract" | "multiply",
  a: DeviceArray,
  b: DeviceArray,
): DeviceArray {
  const action = `Cannot ${operation}`;
  sameDtype(action, a, b);
  const period = sizeOf(b.shape);
  const isRow = b.shape.length === 1 && (period === 1 || period === a.shape.at(-1));
  if (!isRow) checkShape(action, b, a.shape);
  const other = context.open(action, b);
  return mapArray(context, action, "binary", a, ({ x, out, dtype, length }) => {
    context.kernels.binary({ a: x, b: other, out, dtype, length, period, operation });
  });
}

/** See `Device.scale`. */
export function scale<S>(context: Context<S>, array: DeviceArray, factor: number): DeviceArray {
  return mapArray(context, "Cannot scale", "scale", array, (mapped) => {
    context.kernels.scale({ ...mapped, factor });
  });
}

/** See `Device.activate`. */
export function activate<S>(
  context: Context<S>,
  array: DeviceArray,
  activation: Activation,
): DeviceArray {
  return mapArray(context, "Cannot activate", "activate", array, (mapped) => {
    context.kernels.activate({ ...mapped, activation });
  });
}
