// Singular value decomposition: QR for what is not square, bidiagonal form, divide and conquer.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 8.6:
//
//   A = Q₁ R    R = Q B Pᵀ    B = G Σ Hᵀ    U = Q₁ Q G    V = P H
//
// `qr.ts` makes Q₁ and R, `bidiagonalize.ts` Q, B and P, `bidiagonal_svd.ts` G, Σ and H, in f64 on a
// device that has it. `wy_blocks.ts` turns Gᵀ and Hᵀ, whose rows are vectors, by Q, Q₁ and P, none of
// which is written out. A wide matrix is Rᵀ Q₁ᵀ. Only B comes to the host before the result does.
// Bound: ‖A - U Σ Vᵀ‖ <= 8 (n + 4) eps ‖A‖, ‖UᵀU - I‖ and ‖VᵀV - I‖ <= 8 (n + 4) √n eps in the
// Frobenius norm, for any rank and grading: small singular values have errors of eps times the
// largest, no more.
// Cost of a square matrix: 8/3 n³ for B, up to 8/3 n³ for G and H, 4 n³ for U and V.

import { checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { withDevice } from "../with_device.ts";
import { bidiagonalize } from "./bidiagonalize.ts";
import { bidiagonalSvd } from "./bidiagonal_svd.ts";
import { DEVICE, fetch, put, readMatrix, scaleToOne, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { factorizeColumns } from "./qr_columns.ts";
import { turnVectors } from "./turn_vectors.ts";
import { applyBlocks, joinBlocks, type WyBlock } from "./wy_blocks.ts";

/** Options of {@linkcode svd}. */
export interface SvdOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
}

/** A matrix as U · diag(singularValues) · Vᵀ, with k = min(rows, cols). */
export interface Svd<D extends MatrixDtype> {
  /** Orthonormal columns, `[rows, k]`; the largest element of each is positive. */
  readonly u: Tensor<D>;
  /** Zero or more, descending, `[k]`. */
  readonly singularValues: Tensor<D>;
  /** Orthonormal rows, `[k, cols]`. */
  readonly vt: Tensor<D>;
}

const ACTION = "Cannot take the singular values";

/** Reflectors that are applied at once: few enough to multiply cheaply, enough for fast products. */
const BLOCK = 64;

/**
 * Takes the thin singular value decomposition of a matrix, A = U Σ Vᵀ.
 *
 * @example A matrix of rank one
 * ```ts
 * import { svd } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const a = tensor(Float32Array.of(3, 0, 0, 4, 0, 0), [2, 3]);
 * const { u, singularValues, vt } = await svd(a);
 * assertAlmostEquals(singularValues.data[0], 5, 1e-6);
 * assertAlmostEquals(singularValues.data[1], 0, 1e-6);
 * assertEquals([u.shape, vt.shape], [[2, 2], [2, 3]]);
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[rows, cols]`, of any rank.
 * @param options The device.
 * @returns The thin factors.
 * @throws {RangeError} If the matrix is empty or not finite.
 * @throws {TypeError} If the device cannot multiply in the dtype of the matrix.
 */
export async function svd<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: SvdOptions = {},
): Promise<Svd<D>> {
  checkOptions(ACTION, options, { device: DEVICE });
  return await withDevice(options.device, (device) => decompose(device, matrix));
}

async function decompose<D extends MatrixDtype>(outer: Device, matrix: Tensor<D>): Promise<Svd<D>> {
  const { rows, cols, data, dtype } = readMatrix(ACTION, matrix, outer);
  const factor = scaleToOne(data);
  using device = outer.scope();
  const n = Math.min(rows, cols);
  const whole = put(device, dtype, [rows, cols], data);
  const { core, blocks } = squareOf(device, whole);
  const { left, values, right } = await svdSquare(device, dtype, core);
  // Rows are vectors here; those of R become those of A by Q₁.
  const lifted = (vectors: DeviceArray, length: number) => {
    if (length === n) return vectors;
    const long = device.zeros([n, length], dtype);
    device.write(long, vectors, 0, 0);
    applyBlocks(device, blocks, long);
    return long;
  };
  const u = await fetch(device, device.transpose(lifted(left, rows)));
  const vt = await fetch(device, lifted(right, cols));
  turnVectors(u, vt, n);
  return {
    u: toTensor(dtype, [rows, n], u),
    singularValues: toTensor(dtype, [n], values.map((value) => value / factor)),
    vt: toTensor(dtype, [n, cols], vt),
  };
}

/** R of a tall matrix, Rᵀ of a wide one's transpose, and the reflectors of Q₁; else what is given. */
function squareOf(
  device: Device,
  matrix: DeviceArray,
): { core: DeviceArray; blocks: readonly WyBlock[] } {
  const [rows, cols] = matrix.shape;
  if (rows === cols) return { core: matrix, blocks: [] };
  const columns = rows > cols ? device.transpose(matrix) : matrix;
  const blocks = factorizeColumns(device, columns);
  const triangle = device.slice(columns, { cols: Math.min(rows, cols) });
  return { core: rows > cols ? device.transpose(triangle) : triangle, blocks };
}

/** Singular values, descending, and vectors as rows. */
interface Vectors {
  readonly left: DeviceArray;
  readonly values: Float64Array<ArrayBuffer>;
  readonly right: DeviceArray;
}

/** Decomposes a square matrix, whose elements are of no use afterwards. */
async function svdSquare(
  outer: Device,
  dtype: MatrixDtype,
  matrix: DeviceArray,
): Promise<Vectors> {
  using device = outer.scope();
  const [n] = matrix.shape;
  const form = bidiagonalize(device, dtype, matrix);
  const band = await fetch(device, form.band);
  const { left, values, right } = await svdOfBand(device, dtype, n, band);
  applyBlocks(device, joinBlocks(device, dtype, form.left, BLOCK), left);
  applyBlocks(device, joinBlocks(device, dtype, form.right, BLOCK), right);
  return { left: device.keep(left), values, right: device.keep(right) };
}

/** Decomposes the bidiagonal matrix on a device that has f64, and brings the vectors over. */
async function svdOfBand(
  target: Device,
  dtype: MatrixDtype,
  n: number,
  band: Float64Array,
): Promise<Vectors> {
  return await withDevice(target, async (outer) => {
    using device = outer.scope();
    const parts = await bidiagonalSvd(
      ACTION,
      device,
      band.subarray(0, n),
      band.subarray(n, 2 * n - 1),
    );
    const order = Uint32Array.from(parts.values.keys()).sort((i, j) =>
      parts.values[j] - parts.values[i] || i - j
    );
    const indices = device.upload({ dtype: "u32", shape: [n], data: order });
    const sorted = async (vectors: DeviceArray) => {
      using own = outer.scope();
      const picked = own.gatherRows(vectors, indices);
      const cast = dtype === "f64" ? picked : own.cast(picked, dtype);
      return outer === target ? own.keep(cast) : target.upload(await own.download(cast));
    };
    return {
      left: await sorted(parts.left),
      values: Float64Array.from(order, (i) => parts.values[i]),
      right: await sorted(parts.right),
    };
  }, "f64");
}
