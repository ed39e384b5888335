import type { Device, DeviceArray } from "@pare/linalg";
import { sizeOf } from "@pare/tensor";

/**
 * Sums what a smaller array stood for: over all rows for a vector as long as the last dimension, over
 * everything for one number.
 */
export function sumTo(device: Device, x: DeviceArray, shape: readonly number[]): DeviceArray {
  const size = sizeOf(x.shape);
  const kept = sizeOf(shape);
  if (kept === 1) {
    // Row by row first: rows are shared out among threads.
    const cols = x.shape.at(-1) ?? 1;
    using matrix = device.reshape(x, [size / cols, cols]);
    using sums = device.reduceRows(matrix, "sum");
    using row = device.reshape(sums, [1, size / cols]);
    using sum = device.reduceRows(row, "sum");
    return device.reshape(sum, shape);
  }
  using matrix = device.reshape(x, [size / kept, kept]);
  return device.reduceCols(matrix, "sum");
}
