// Rectangles of matrices.

import type { Block } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { checkRectangle, matrixShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.slice`. */
export function slice<S>(context: Context<S>, matrix: DeviceArray, block: Block): DeviceArray {
  const action = "Cannot slice";
  const [height, width] = matrixShape(action, matrix);
  const { row = 0, col = 0 } = block;
  const { rows = height - row, cols = width - col } = block;
  checkRectangle(action, row, col, rows, cols, height, width);
  const out = context.make(action, matrix.dtype, [rows, cols]);
  context.kernels.copyBlock({
    source: context.open(action, matrix),
    sourceOffset: row * width + col,
    sourceLead: width,
    target: context.open(action, out),
    targetOffset: 0,
    targetLead: cols,
    rows,
    cols,
    dtype: matrix.dtype,
  });
  return out;
}

/** See `Device.write`. */
export function write<S>(
  context: Context<S>,
  target: DeviceArray,
  matrix: DeviceArray,
  row: number,
  col: number,
): void {
  const action = "Cannot write a block";
  const [height, width] = matrixShape(action, target);
  const [rows, cols] = matrixShape(action, matrix);
  checkRectangle(action, row, col, rows, cols, height, width);
  sameDtype(action, target, matrix);
  context.kernels.copyBlock({
    source: context.open(action, matrix),
    sourceOffset: 0,
    sourceLead: cols,
    target: context.open(action, target),
    targetOffset: row * width + col,
    targetLead: width,
    rows,
    cols,
    dtype: target.dtype,
  });
}
