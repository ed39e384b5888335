// Matrices on the host, a block of which goes to a device and back.

import { type AnyTensor, ShapeError, sizeOf, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { MatrixDtype } from "../factorization/matrix_dtype.ts";

/** What blocks take together where nothing is said. */
export const MAX_BYTES: number = 2 ** 30;

/** A rectangle of a matrix. */
export interface Rectangle {
  readonly row: number;
  readonly col: number;
  readonly rows: number;
  readonly cols: number;
}

/** Throws unless it is a matrix of f32 or f64 whose data fills its shape. */
export function checkHostMatrix(
  action: string,
  { dtype, shape, data }: AnyTensor | Tensor<MatrixDtype>,
): void {
  if (dtype !== "f32" && dtype !== "f64") {
    throw new TypeError(`${action} as the dtype must be f32 or f64: current dtype is ${dtype}`);
  }
  if (shape.length !== 2 || shape.some((length) => length < 1)) {
    throw new RangeError(
      `${action} as the matrix must have 2 dimensions of 1 or more: current shape is [${
        shape.join(", ")
      }]`,
    );
  }
  if (sizeOf(shape) !== data.length) throw new ShapeError(action, shape, [data.length]);
}

/** The same rectangle of the transposed matrix, if `isTransposed`. */
export function turned({ row, col, rows, cols }: Rectangle, isTransposed: boolean): Rectangle {
  return isTransposed ? { row: col, col: row, rows: cols, cols: rows } : { row, col, rows, cols };
}

/** Uploads a rectangle of a matrix on the host. */
export function uploadBlock(
  device: Device,
  matrix: Tensor<MatrixDtype>,
  { row, col, rows, cols }: Rectangle,
): DeviceArray {
  const { dtype, shape: [, width], data } = matrix;
  const shape = [rows, cols];
  if (cols === width) {
    const whole = data.subarray(row * width, (row + rows) * width);
    return device.upload({ dtype, shape, data: whole } as AnyTensor);
  }
  const copy = dtype === "f32" ? new Float32Array(rows * cols) : new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const start = (row + i) * width + col;
    copy.set(data.subarray(start, start + cols), i * cols);
  }
  return device.upload({ dtype, shape, data: copy } as AnyTensor);
}

/** Copies columns `from` to `from + cols` of a block over a rectangle of a matrix `width` wide. */
export function placeBlock(
  target: Float32Array | Float64Array,
  width: number,
  { row, col, rows, cols }: Rectangle,
  block: Float32Array | Float64Array,
  lead: number = cols,
  first: number = 0,
): void {
  for (let i = 0; i < rows; i++) {
    const start = first + i * lead;
    target.set(block.subarray(start, start + cols), (row + i) * width + col);
  }
}

/** Cuts `count` into runs of at most `most`. */
export function* runs(
  count: number,
  most: number,
): Generator<readonly [start: number, length: number]> {
  for (let start = 0; start < count; start += most) yield [start, Math.min(most, count - start)];
}
