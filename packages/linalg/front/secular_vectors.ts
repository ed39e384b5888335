import type { DeviceArray } from "../device_array.ts";
import { checkCount, checkShape, floatOf, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** Rows of the numbers. */
const ROWS = 10;

/** See `Device.secularVectors`. */
export function secularVectors<S>(
  context: Context<S>,
  numbers: DeviceArray,
  rho: number,
  vectors: DeviceArray,
  upper: number,
): void {
  const action = "Cannot take secular vectors";
  if (context.float(action, numbers, "secularVectors") !== "f64") {
    throw new TypeError(`${action} as numbers must be f64: current dtype is ${numbers.dtype}`);
  }
  if (!(rho > 0)) {
    throw new RangeError(`${action} as rho must be positive: current value is ${rho}`);
  }
  const [, count] = matrixShape(action, numbers);
  const [rows, width] = matrixShape(action, vectors);
  checkShape(action, numbers, [ROWS, count]);
  checkShape(action, vectors, [count, width]);
  checkCount(action, "the columns of vectors", width, count, 2 * count);
  checkCount(action, "upper", upper, width - count, count);
  context.kernels.secularVectors({
    numbers: context.open(action, numbers),
    vectors: context.open(action, vectors),
    dtype: floatOf(action, vectors),
    rho,
    count: rows,
    upper,
    lower: width - upper,
  });
}
