import type { DeviceArray } from "../device_array.ts";
import { checkCount, checkShape, matrixShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** The most rows of a panel. */
const MOST_ROWS = 64;

/** See `Device.tridiagonalPanel`. */
export function tridiagonalPanel<S>(
  context: Context<S>,
  matrix: DeviceArray,
  w: DeviceArray,
  coefficients: DeviceArray,
): void {
  const action = "Cannot reduce a panel";
  const dtype = context.float(action, matrix, "tridiagonalPanel");
  const [n] = matrixShape(action, matrix);
  const [width, size] = matrixShape(action, w);
  checkShape(action, matrix, [n, n]);
  checkShape(action, coefficients, [3, n]);
  checkCount(action, "the length of rows of w", size, 1, n);
  checkCount(action, "the number of rows of w", width, 1, Math.min(size, MOST_ROWS));
  sameDtype(action, matrix, w);
  sameDtype(action, matrix, coefficients);
  context.kernels.tridiagonalPanel({
    matrix: context.open(action, matrix),
    w: context.open(action, w),
    coefficients: context.open(action, coefficients),
    dtype,
    n,
    size,
    width,
  });
}
