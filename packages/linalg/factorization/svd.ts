// Singular value decomposition: QR for what is not square, bidiagonal form, then QR sweeps.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 8.6:
//
//   A = Q₁ R    R = Q B Pᵀ    B = G Σ Hᵀ    U = Q₁ Q G    V = P H
//
// `qr.ts` makes R, `bidiagonalize.ts` Q, B and P, `bidiagonal_qr.ts` the rotations G and H, and
// `rotation_sweeps.ts` applies them by products on the device. A wide matrix is transposed first.
// Bound: ‖A - U Σ Vᵀ‖ <= 8 (n + 4) eps ‖A‖, ‖UᵀU - I‖ and ‖VᵀV - I‖ <= 8 (n + 4) √n eps in the
// Frobenius norm, for any rank and grading: small singular values have errors of eps times the
// largest, no more.
// Cost of a square matrix: 8/3 n³ for B, as much for Q and P, about 16 n³ for the rotations.

import { checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { bidiagonalize } from "./bidiagonalize.ts";
import { bidiagonalQr } from "./bidiagonal_qr.ts";
import { formProduct } from "./block_reflector.ts";
import { columnSweeps, pickColumns, turnColumns } from "./columns.ts";
import { DEVICE, fetch, put, readMatrix, scaleToOne, toTensor, transposed } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { qr } from "./qr.ts";

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
  const isWide = rows < cols;
  const [m, n] = isWide ? [cols, rows] : [rows, cols];
  const tall = isWide ? transposed(data, rows, cols) : data;
  const { left, values, right } = m === n
    ? await svdSquare(outer, dtype, n, tall)
    : await svdTall(outer, dtype, m, n, tall);
  for (let i = 0; i < n; i++) values[i] /= factor;
  const [u, v] = isWide ? [right, left] : [left, right];
  turnColumns(u, rows, n, v);
  return {
    u: toTensor(dtype, [rows, n], u),
    singularValues: toTensor(dtype, [n], values),
    vt: toTensor(dtype, [n, cols], transposed(v, cols, n)),
  };
}

/** Singular vectors as columns. */
interface Vectors {
  readonly left: Float64Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  readonly right: Float64Array<ArrayBuffer>;
}

/** Takes the decomposition of R, and turns its left vectors by Q. */
async function svdTall<D extends MatrixDtype>(
  outer: Device,
  dtype: D,
  m: number,
  n: number,
  data: Float64Array<ArrayBuffer>,
): Promise<Vectors> {
  const { q, r } = await qr(toTensor(dtype, [m, n], data), { device: outer });
  const triangle = new Float64Array(r.data);
  const { left, values, right } = await svdSquare(outer, dtype, n, triangle);
  using device = outer.scope();
  const basis = put(device, dtype, [m, n], new Float64Array(q.data));
  const turned = device.matmul(basis, put(device, dtype, [n, n], left));
  return { left: await fetch(device, turned), values, right };
}

async function svdSquare(
  outer: Device,
  dtype: MatrixDtype,
  n: number,
  data: Float64Array<ArrayBuffer>,
): Promise<Vectors> {
  using device = outer.scope();
  const form = await bidiagonalize(device, dtype, n, data);
  const { diagonal, superDiagonal } = form;
  const q = formProduct(device, dtype, form.left, n, n);
  const p = formProduct(device, dtype, form.right, n, n);
  const left = columnSweeps(device, dtype, q);
  const right = columnSweeps(device, dtype, p);
  bidiagonalQr(ACTION, diagonal, superDiagonal, left, right);
  left.flush();
  right.flush();
  const order = Uint32Array.from(diagonal.keys()).sort((i, j) =>
    Math.abs(diagonal[j]) - Math.abs(diagonal[i]) || i - j
  );
  const v = pickColumns(await fetch(device, p), n, n, order);
  for (let i = 0; i < v.length; i++) if (diagonal[order[i % n]] < 0) v[i] = -v[i];
  return {
    left: pickColumns(await fetch(device, q), n, n, order),
    values: Float64Array.from(order, (i) => Math.abs(diagonal[i])),
    right: v,
  };
}
