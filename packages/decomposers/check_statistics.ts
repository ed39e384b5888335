import type { MatrixShape, Statistics } from "@pare/operators";
import { ShapeError } from "@pare/tensor";

/**
 * The statistics of the inputs of a layer of that shape.
 *
 * @throws {TypeError} If there are none.
 * @throws {ShapeError} If they are of another width.
 */
export function checkStatistics(
  action: string,
  [, cols]: MatrixShape,
  statistics: Statistics | null,
): Statistics {
  if (!statistics) {
    throw new TypeError(
      `${action} as statistics of the inputs must be given: current value is null`,
    );
  }
  const { gram } = statistics;
  if (gram.shape[0] !== cols || gram.shape[1] !== cols) {
    throw new ShapeError(action, [cols, cols], gram.shape);
  }
  return statistics;
}
