// What shapes and dtypes must be. Every `action` is how the message begins: `Cannot slice`.

import { ShapeError, sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";

/** The dtypes that are computed in. */
export type Float = "f32" | "f64";

/** The dtype of `x`, which must be one that is computed in. */
export function floatOf(action: string, x: DeviceArray): Float {
  if (x.dtype === "f32" || x.dtype === "f64") return x.dtype;
  throw new TypeError(`${action} as the dtype must be f32 or f64: current dtype is ${x.dtype}`);
}

/** Throws unless both have one dtype. */
export function sameDtype(action: string, a: DeviceArray, b: DeviceArray): void {
  if (a.dtype !== b.dtype) {
    throw new TypeError(
      `${action} as the dtypes must be equal: current dtypes are ${a.dtype} and ${b.dtype}`,
    );
  }
}

/** Throws unless arrays can have the shape: none is without elements. */
export function checkDimensions(action: string, shape: readonly number[]): void {
  if (!shape.every((length) => Number.isSafeInteger(length) && length > 0)) {
    throw new RangeError(
      `${action} as every dimension must be an integer of 1 or more: current shape is [${
        shape.join(", ")
      }]`,
    );
  }
}

/** Throws unless `x` has the shape. */
export function checkShape(action: string, x: DeviceArray, shape: readonly number[]): void {
  if (!sameShape(x.shape, shape)) throw new ShapeError(action, shape, x.shape);
}

/** Tells whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** Throws unless `indices` are u32 and have the shape. */
export function checkIndices(action: string, indices: DeviceArray, shape: readonly number[]): void {
  checkShape(action, indices, shape);
  if (indices.dtype !== "u32") {
    throw new TypeError(`${action} as indices must be u32: current dtype is ${indices.dtype}`);
  }
}

/** Throws unless `value` is an integer from `low` to `high`. */
export function checkCount(
  action: string,
  name: string,
  value: number,
  low: number,
  high: number,
): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    const range = high === Infinity ? `of ${low} or more` : `from ${low} to ${high}`;
    throw new RangeError(
      `${action} as ${name} must be an integer ${range}: current value is ${value}`,
    );
  }
}

/** The two dimensions of a matrix. */
export function matrixShape(action: string, x: DeviceArray): [rows: number, cols: number] {
  if (x.shape.length !== 2) {
    throw new RangeError(
      `${action} as the array must have 2 dimensions: current shape is [${x.shape.join(", ")}]`,
    );
  }
  return [x.shape[0], x.shape[1]];
}

/** The last dimension, and how many rows of it there are. */
export function rowsOf(action: string, x: DeviceArray): [rows: number, cols: number] {
  const cols = x.shape.at(-1);
  if (cols === undefined) {
    throw new RangeError(`${action} as the array must have a dimension: current shape is []`);
  }
  return [sizeOf(x.shape) / cols, cols];
}

/** All leading dimensions as one batch, then the matrix. */
export function batchedShape(
  action: string,
  x: DeviceArray,
): [batch: number, rows: number, cols: number] {
  if (x.shape.length < 2) {
    throw new RangeError(
      `${action} as the array must have 2 dimensions or more: current shape is [${
        x.shape.join(", ")
      }]`,
    );
  }
  const [rows, cols] = x.shape.slice(-2);
  return [sizeOf(x.shape) / (rows * cols), rows, cols];
}

/** Throws unless a block lies within a matrix `[height, width]`. */
export function checkRectangle(
  action: string,
  row: number,
  col: number,
  rows: number,
  cols: number,
  height: number,
  width: number,
): void {
  const whole = [row, col, rows, cols].every((n) => Number.isInteger(n) && n >= 0);
  if (!whole || row + rows > height || col + cols > width) {
    throw new RangeError(
      `${action} as the block must lie within [${height}, ${width}]: current block is ` +
        `[${rows}, ${cols}] at [${row}, ${col}]`,
    );
  }
}
