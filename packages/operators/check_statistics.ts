import { ShapeError } from "@pare/tensor";
import type { Statistics } from "./method.ts";
import type { MatrixShape } from "./operator.ts";

/**
 * The statistics of the inputs of a layer of that shape, once they are known to be there.
 *
 * @example Statistics of another layer
 * ```ts
 * import { checkStatistics } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertThrows } from "@std/assert";
 *
 * const channels = tensor(Float64Array.of(1, 1), [2]);
 * const gram = tensor(Float64Array.of(1, 0, 0, 1), [2, 2]);
 * const statistics = { tokens: 1, gram, meanAbs: channels, maxAbs: channels };
 * assertThrows(() => checkStatistics("Cannot quantize", [1, 3], statistics), RangeError, "[3, 3]");
 * ```
 *
 * @param action What is not possible otherwise, such as `Cannot quantize`.
 * @param shape `[rows, cols]` of the layer.
 * @param statistics The statistics, or `null`.
 * @returns The statistics.
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
  const { gram: { shape } } = statistics;
  if (shape.length !== 2 || shape[0] !== cols || shape[1] !== cols) {
    throw new ShapeError(action, [cols, cols], shape);
  }
  return statistics;
}
