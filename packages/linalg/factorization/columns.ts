// Columns of singular vectors and eigenvectors: rotated, put in order, given a sign.

import type { Device, DeviceArray } from "../device.ts";
import { put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { type RotationSweeps, rotationSweeps } from "./rotation_sweeps.ts";

/** Sweeps that are applied to the columns of a matrix on the device. */
export function columnSweeps(
  device: Device,
  dtype: MatrixDtype,
  target: DeviceArray,
): RotationSweeps {
  return rotationSweeps(target.shape[1], (col, size, matrix) => {
    using scope = device.scope();
    const columns = scope.slice(target, { col, cols: size });
    scope.write(target, scope.matmul(columns, put(scope, dtype, [size, size], matrix)), 0, col);
  });
}

/** Takes columns of a row-major matrix in the given order. */
export function pickColumns(
  data: Float64Array,
  rows: number,
  cols: number,
  order: Uint32Array,
): Float64Array<ArrayBuffer> {
  const count = order.length;
  const picked = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < count; j++) picked[i * count + j] = data[i * cols + order[j]];
  }
  return picked;
}

/**
 * Turns columns whose largest element, the first of equals, is negative; and with them the columns
 * of another matrix.
 */
export function turnColumns(
  data: Float64Array,
  rows: number,
  cols: number,
  other: Float64Array = new Float64Array(0),
): void {
  const signs = new Int8Array(cols).fill(1);
  const largest = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = data[i * cols + j];
      if (Math.abs(value) <= largest[j]) continue;
      largest[j] = Math.abs(value);
      signs[j] = value < 0 ? -1 : 1;
    }
  }
  for (const matrix of [data, other]) {
    for (let i = 0; i < matrix.length; i++) matrix[i] *= signs[i % cols];
  }
}
