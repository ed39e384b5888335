// Picked rows and columns.

import { sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { checkIndices, matrixShape, rowsOf } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.gatherRows`. */
export function gatherRows<S>(
  context: Context<S>,
  matrix: DeviceArray,
  indices: DeviceArray,
): DeviceArray {
  const action = "Cannot gather rows";
  const [rows, cols] = matrixShape(action, matrix);
  const count = sizeOf(indices.shape);
  const sizes = { rows, cols, count, along: "rows" } as const;
  return gather(context, action, matrix, indices, [count, cols], sizes);
}

/** See `Device.gatherCols`. */
export function gatherCols<S>(
  context: Context<S>,
  x: DeviceArray,
  indices: DeviceArray,
): DeviceArray {
  const action = "Cannot gather columns";
  const [rows, cols] = rowsOf(action, x);
  const count = sizeOf(indices.shape);
  const sizes = { rows, cols, count, along: "cols" } as const;
  return gather(context, action, x, indices, [...x.shape.slice(0, -1), count], sizes);
}

function gather<S>(
  context: Context<S>,
  action: string,
  array: DeviceArray,
  indices: DeviceArray,
  shape: readonly number[],
  sizes: { rows: number; cols: number; count: number; along: "rows" | "cols" },
): DeviceArray {
  checkIndices(action, indices, indices.shape);
  const { dtype } = array;
  const result = context.make(action, dtype, shape);
  context.kernels.gather({
    x: context.open(action, array),
    indices: context.open(action, indices),
    out: context.open(action, result),
    dtype,
    ...sizes,
  });
  return result;
}
