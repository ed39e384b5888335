import { ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { BidiagonalPanel } from "../factorization_steps.ts";
import { checkCount, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.bidiagonalPanel`. */
export function bidiagonalPanel<S>(
  context: Context<S>,
  matrix: DeviceArray,
  first: number,
  width: number,
): BidiagonalPanel {
  const action = "Cannot reduce a panel";
  const dtype = context.float(action, matrix, "bidiagonalPanel");
  const [size, columns] = matrixShape(action, matrix);
  if (size !== columns) throw new ShapeError(action, [size, size], matrix.shape);
  checkCount(action, "first", first, 0, size - 1);
  checkCount(action, "width", width, 1, Math.min(64, size - first));
  const rows = context.make(action, dtype, [2 * width, size - first]);
  const cols = context.make(action, dtype, [2 * width, size - first]);
  const band = context.make(action, dtype, [2, width]);
  const left = context.make(action, dtype, [width, width]);
  const right = context.make(action, dtype, [width, width]);
  context.kernels.bidiagonalPanel({
    a: context.open(action, matrix),
    dtype,
    size,
    first,
    width,
    rows: context.open(action, rows),
    cols: context.open(action, cols),
    band: context.open(action, band),
    left: context.open(action, left),
    right: context.open(action, right),
  });
  return { rows, cols, band, left, right };
}
