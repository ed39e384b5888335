// Triangular systems with many right-hand sides, by blocks of rows.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 3.1.4:
//
//   X[J] = T[J, J]⁻¹ B[J]    B[i] -= T[i, J] X[J] for all rows i still to come
//
// J are the rows of one block, first to last for a lower triangle, last to first for an upper one.
// The update runs on the device, the solves with the diagonal blocks in f64 here.
// Bound: each column x solves (T + ΔT) x = b with |ΔT| <= n eps |T| (Higham, 2002, theorem 8.5).
// Cost: n² per right-hand side, of which 64 n on the host.

import { boolean, checkOptions, type Checks, oneOf, ShapeError, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { addMultiple } from "./householder.ts";
import {
  DEVICE,
  fetch,
  put,
  readMatrix,
  readSquareMatrix,
  toTensor,
  transposed,
} from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const ACTION = "Cannot solve a triangular system";
const BLOCK = 64;

/** Options of {@linkcode triangularSolve}. */
export interface TriangularSolveOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
  /**
   * Whether the triangle stands left of the unknowns, T X = B, or right of them, X T = B.
   *
   * @default {"left"}
   */
  side?: "left" | "right";
  /**
   * Whether the lower triangle is read, or the upper one.
   *
   * @default {true}
   */
  lower?: boolean;
  /**
   * Whether to solve with the transposed triangle.
   *
   * @default {false}
   */
  transpose?: boolean;
  /**
   * Whether to take the diagonal for ones without reading it.
   *
   * @default {false}
   */
  unitDiagonal?: boolean;
}

const CHECKS: Checks<TriangularSolveOptions> = {
  device: DEVICE,
  side: oneOf("left", "right"),
  lower: boolean(),
  transpose: boolean(),
  unitDiagonal: boolean(),
};

/**
 * Solves T X = B or X T = B for a triangular T.
 *
 * @example Two right-hand sides
 * ```ts
 * import { triangularSolve } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const triangle = tensor(Float32Array.of(2, 0, 1, 4), [2, 2]);
 * const sides = tensor(Float32Array.of(2, 4, 9, 10), [2, 2]);
 * const solution = await triangularSolve(triangle, sides);
 * assertEquals(solution.data, Float32Array.of(1, 2, 2, 2));
 * ```
 *
 * @typeParam D The dtype of both, f32 or f64.
 * @param triangle T, `[n, n]`; only the triangle in question is read.
 * @param sides B, `[n, count]`, or `[count, n]` where T stands right.
 * @param options The device, and which triangle is meant.
 * @returns X, of the shape of B.
 * @throws {RangeError} If shapes do not fit, a number is not finite or the diagonal has a zero.
 * @throws {TypeError} If an option is unknown, or the device cannot multiply in that dtype.
 */
export async function triangularSolve<D extends MatrixDtype>(
  triangle: Tensor<D>,
  sides: Tensor<D>,
  options: TriangularSolveOptions = {},
): Promise<Tensor<D>> {
  checkOptions(ACTION, options, CHECKS);
  return await withDevice(options.device, (device) => solve(device, triangle, sides, options));
}

async function solve<D extends MatrixDtype>(
  outer: Device,
  triangle: Tensor<D>,
  sides: Tensor<D>,
  options: TriangularSolveOptions,
): Promise<Tensor<D>> {
  const { side = "left", lower = true, transpose = false, unitDiagonal = false } = options;
  const { rows: n, data: t, dtype } = readSquareMatrix(ACTION, triangle, outer);
  const b = readMatrix(ACTION, sides, outer);
  if (b.dtype !== dtype) {
    throw new TypeError(
      `${ACTION} as the dtypes must be equal: current dtypes are ${dtype} and ${b.dtype}`,
    );
  }
  const isLeft = side === "left";
  if ((isLeft ? b.rows : b.cols) !== n) {
    throw new ShapeError(ACTION, isLeft ? [n, b.cols] : [b.rows, n], sides.shape);
  }
  if (!unitDiagonal) checkDiagonal(t, n);
  // X T = B is Tᵀ Xᵀ = Bᵀ.
  const count = isLeft ? b.cols : b.rows;
  const flipped = transpose === isLeft;
  const x = isLeft ? b.data : transposed(b.data, b.rows, b.cols);
  const isForward = lower !== flipped;

  using device = outer.scope();
  const onDevice = put(device, dtype, [n, count], x);
  const matrix = put(device, dtype, [n, n], t);
  const starts = Array.from({ length: Math.ceil(n / BLOCK) }, (_, i) => i * BLOCK);
  for (const j of isForward ? starts : starts.toReversed()) {
    using step = device.scope();
    const width = Math.min(BLOCK, n - j);
    const rows = x.subarray(j * count, (j + width) * count);
    rows.set(await fetch(step, step.slice(onDevice, { row: j, rows: width })));
    solveBlock(t, n, j, width, rows, count, flipped, isForward, unitDiagonal);
    const [from, to] = isForward ? [j + width, n] : [0, j];
    if (from === to) continue;
    const block = step.slice(
      matrix,
      flipped
        ? { row: j, rows: width, col: from, cols: to - from }
        : { row: from, rows: to - from, col: j, cols: width },
    );
    const solved = put(step, dtype, [width, count], rows.slice());
    const update = { transposeA: flipped, alpha: -1, into: onDevice, row: from };
    step.matmul(block, solved, update);
  }
  const solution = isLeft ? x : transposed(x, n, count);
  return toTensor(dtype, sides.shape, solution);
}

function checkDiagonal(t: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    if (t[i * n + i] === 0) {
      throw new RangeError(
        `${ACTION} as no diagonal element must be zero: current element ${i} is 0`,
      );
    }
  }
}

/** Substitutes within one diagonal block, in place. */
function solveBlock(
  t: Float64Array,
  n: number,
  first: number,
  width: number,
  rows: Float64Array,
  count: number,
  flipped: boolean,
  isForward: boolean,
  unitDiagonal: boolean,
): void {
  const at = (i: number, j: number) =>
    flipped ? (first + j) * n + first + i : (first + i) * n + first + j;
  for (let step = 0; step < width; step++) {
    const i = isForward ? step : width - 1 - step;
    const [from, to] = isForward ? [0, i] : [i + 1, width];
    for (let k = from; k < to; k++) {
      addMultiple(rows, i * count, -t[at(i, k)], rows, k * count, count);
    }
    if (unitDiagonal) continue;
    const pivot = t[at(i, i)];
    for (let c = i * count; c < (i + 1) * count; c++) rows[c] /= pivot;
  }
}
