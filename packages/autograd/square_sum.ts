import type { Device, DeviceArray } from "@pare/linalg";
import { sizeOf } from "@pare/tensor";

/** Sums the squares of all elements: `[1]`. Row by row first, as rows are shared out among threads. */
export function squareSum(device: Device, x: DeviceArray): DeviceArray {
  const cols = x.shape.at(-1) ?? 1;
  const rows = sizeOf(x.shape) / cols;
  using matrix = device.reshape(x, [rows, cols]);
  using squares = device.reduceRows(matrix, "squareSum");
  using row = device.reshape(squares, [1, rows]);
  return device.reduceRows(row, "sum");
}
