// What every factorization begins and ends with: a checked copy of the matrix in f64, a scale that
// keeps squares from overflowing, and the way between the host and the device's dtype.

import { type Check, ShapeError, sizeOf, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/** A matrix on the host, row-major in f64, with the dtype its results will have. */
export interface HostMatrix<D extends MatrixDtype> {
  readonly dtype: D;
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array<ArrayBuffer>;
}

/** Rows and columns that are transposed at a time. */
const SQUARE = 16;

/** The rule of the option that every factorization has. */
export const DEVICE: Check = {
  wanted: "a device",
  schema: {},
  test: (value) => typeof value === "object" && value !== null && "matmul" in value,
};

/** Tells the sizes of a matrix, once it is known that the device can work on it. */
export function checkSizes<D extends MatrixDtype>(
  action: string,
  source: Tensor<D>,
  device: Device,
): { readonly dtype: D; readonly rows: number; readonly cols: number } {
  const { dtype, shape } = source;
  if (dtype !== "f32" && dtype !== "f64") {
    throw new TypeError(`${action} as the dtype must be f32 or f64: current dtype is ${dtype}`);
  }
  if (!device.supports(dtype)) {
    throw new TypeError(
      `${action} as the dtype must be f32 on ${device.name}: current dtype is ${dtype}`,
    );
  }
  if (shape.length !== 2 || shape.some((length) => length < 1)) {
    throw new RangeError(
      `${action} as the matrix must have 2 dimensions of 1 or more: current shape is [${
        shape.join(", ")
      }]`,
    );
  }
  if (source.data.length !== sizeOf(shape)) {
    throw new ShapeError(action, shape, [source.data.length]);
  }
  return { dtype, rows: shape[0], cols: shape[1] };
}

/** As {@linkcode checkSizes}, once it is known that every number is finite, too. */
export function checkMatrix<D extends MatrixDtype>(
  action: string,
  source: Tensor<D>,
  device: Device,
): { readonly dtype: D; readonly rows: number; readonly cols: number } {
  const sizes = checkSizes(action, source, device);
  checkFinite(action, source.data, sizes.cols);
  return sizes;
}

/** As {@linkcode checkMatrix}, of a matrix that is square: how many rows it has. */
export function checkSquareMatrix<D extends MatrixDtype>(
  action: string,
  source: Tensor<D>,
  device: Device,
): number {
  const { rows, cols } = checkMatrix(action, source, device);
  if (rows !== cols) throw new ShapeError(action, [rows, rows], source.shape);
  return rows;
}

/** Copies a matrix, checked by {@linkcode checkMatrix}. */
export function readMatrix<D extends MatrixDtype>(
  action: string,
  source: Tensor<D>,
  device: Device,
): HostMatrix<D> {
  return { ...checkMatrix(action, source, device), data: new Float64Array(source.data) };
}

/** Throws unless every number is finite. */
export function checkFinite(action: string, data: Float32Array | Float64Array, cols: number): void {
  // Zero times a number is zero, or NaN for what is not finite; four sums do not wait for each other.
  let [a, b, c, d] = [0, 0, 0, 0];
  const { length } = data;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    a += 0 * data[i];
    b += 0 * data[i + 1];
    c += 0 * data[i + 2];
    d += 0 * data[i + 3];
  }
  for (; i < length; i++) a += 0 * data[i];
  if (a + b + c + d === 0) return;
  const bad = data.findIndex((value) => !Number.isFinite(value));
  const place = `[${Math.floor(bad / cols)}, ${bad % cols}]`;
  throw new RangeError(
    `${action} as every element must be finite: current element ${place} is ${data[bad]}`,
  );
}

/**
 * Multiplies the numbers in place so that the largest is between 1 and 2, which rounds nothing but
 * what is 2^-1022 times smaller.
 *
 * @returns The power of two they were multiplied with; 1 if all are zero.
 */
export function scaleToOne(data: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]);
    if (size > largest) largest = size;
  }
  if (largest === 0) return 1;
  const factor = 2 ** Math.min(1000, -Math.floor(Math.log2(largest)));
  if (factor !== 1) { for (let i = 0; i < data.length; i++) data[i] *= factor; }
  return factor;
}

/** Rounds numbers to the dtype of a result. */
export function toTensor<D extends MatrixDtype>(
  dtype: D,
  shape: readonly number[],
  data: Float64Array<ArrayBuffer>,
): Tensor<D> {
  const rounded = dtype === "f32" ? new Float32Array(data) : data;
  return { dtype, shape, data: rounded } as unknown as Tensor<D>;
}

/** Uploads numbers in the dtype that the device works in. */
export function put(
  device: Device,
  dtype: MatrixDtype,
  shape: readonly number[],
  data: Float64Array<ArrayBuffer>,
): DeviceArray {
  return device.upload(
    dtype === "f32" ? { dtype, shape, data: new Float32Array(data) } : { dtype, shape, data },
  );
}

/** Downloads numbers and widens them. */
export async function fetch(
  device: Device,
  array: DeviceArray,
): Promise<Float64Array<ArrayBuffer>> {
  const { data } = await device.download(array);
  return data instanceof Float64Array ? data : new Float64Array(data as Float32Array);
}

/** Swaps rows and columns of a row-major matrix. */
export function transposed(
  data: Float64Array,
  rows: number,
  cols: number,
): Float64Array<ArrayBuffer> {
  const swapped = new Float64Array(data.length);
  // Square after square, so that both sides stay in the first cache.
  for (let top = 0; top < rows; top += SQUARE) {
    const bottom = Math.min(top + SQUARE, rows);
    for (let left = 0; left < cols; left += SQUARE) {
      const right = Math.min(left + SQUARE, cols);
      for (let i = top; i < bottom; i++) {
        for (let j = left; j < right; j++) swapped[j * rows + i] = data[i * cols + j];
      }
    }
  }
  return swapped;
}
