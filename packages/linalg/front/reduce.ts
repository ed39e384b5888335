// Rows and columns reduced to one number each.

import type { Reduction } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { matrixShape, rowsOf } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.reduceRows`. */
export function reduceRows<S>(
  context: Context<S>,
  x: DeviceArray,
  reduction: Reduction,
): DeviceArray {
  const action = "Cannot reduce rows";
  const [rows, cols] = rowsOf(action, x);
  const sizes = { rows, cols, along: "rows", reduction } as const;
  return reduce(context, action, x, x.shape.slice(0, -1), sizes);
}

/** See `Device.reduceCols`. */
export function reduceCols<S>(
  context: Context<S>,
  x: DeviceArray,
  reduction: Reduction,
): DeviceArray {
  const action = "Cannot reduce columns";
  const [rows, cols] = matrixShape(action, x);
  return reduce(context, action, x, [cols], { rows, cols, along: "cols", reduction });
}

function reduce<S>(
  context: Context<S>,
  action: string,
  array: DeviceArray,
  shape: readonly number[],
  how: { rows: number; cols: number; along: "rows" | "cols"; reduction: Reduction },
): DeviceArray {
  const dtype = context.float(action, array, "reduce");
  const result = context.make(action, dtype, shape);
  const x = context.open(action, array);
  const out = context.open(action, result);
  context.kernels.reduce({ x, out, dtype, ...how });
  return result;
}
