// The QR factorization of `qr.ts` for those who multiply by Q and need not see it: A and Q stay on the
// device, and Q is never formed.
//
//   A = Q R    Q = H_1 H_2 …    x Qᵀ = [x 0] … H_2 H_1
//
// Bound: that of `qr.ts`. Cost: 2 n² (m - n/3) for an m × n matrix, and 4 k n (m - n/2) for each product
// with k rows. Memory: two matrices for the factors, of which one, the reflectors, is kept.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { factorizeColumns } from "./qr_columns.ts";
import { applyBlocks } from "./wy_blocks.ts";

const ACTION = "Cannot take the QR factors";

/** The factors of a matrix of as many rows as columns or more, on a device. */
export interface QrRows {
  /** Upper triangular, `[n, n]`; the signs of its diagonal as they come. */
  readonly r: DeviceArray;
  /** Multiplies rows `[k, n]` by Qᵀ: a new array `[k, m]`. */
  readonly timesQ: (x: DeviceArray) => DeviceArray;
}

/**
 * Factorizes a matrix on a device, A = Q R, and leaves both factors there.
 *
 * @example Q times R is A
 * ```ts
 * import { createReferenceDevice, downloadF64, qrRows } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const columns = device.upload(tensor(Float64Array.of(3, 0, 4), [1, 3]));
 * const { r, timesQ } = qrRows(device, columns);
 * const { data } = await downloadF64(device, timesQ(device.transpose(r)));
 * [3, 0, 4].forEach((value, i) => assertAlmostEquals(data[i], value, 1e-14));
 * ```
 *
 * @param device What is returned is its.
 * @param columns Aᵀ, `[n, m]`, f32 or f64, m >= n, finite, of elements whose squares are too. It is
 * overwritten and freed.
 * @returns R, and how rows are multiplied by Qᵀ.
 * @throws {RangeError} If the matrix has fewer rows than columns.
 * @throws {TypeError} If the device cannot multiply in the dtype of the matrix.
 */
export function qrRows(device: Device, columns: DeviceArray): QrRows {
  const [n, m] = columns.shape;
  if (columns.shape.length !== 2 || m < n) {
    throw new RangeError(
      `${ACTION} as the transposed matrix must have as many columns as rows or more: current shape ` +
        `is [${columns.shape.join(", ")}]`,
    );
  }
  const dtype = columns.dtype as MatrixDtype;
  if (!device.supports(dtype)) {
    throw new TypeError(
      `${ACTION} as the dtype must be f32 on ${device.name}: current dtype is ${dtype}`,
    );
  }
  const blocks = factorizeColumns(device, columns);
  using square = device.slice(columns, { cols: n });
  const r = device.transpose(square);
  columns[Symbol.dispose]();
  return {
    r,
    timesQ: (x) => {
      const rows = device.zeros([x.shape[0], m], dtype);
      device.write(rows, x, 0, 0);
      applyBlocks(device, blocks, rows);
      return rows;
    },
  };
}
