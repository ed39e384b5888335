// Triangular systems with many right-hand sides, by blocks of rows.
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 3.1.4:
//
//   X[J] = T[J, J]⁻¹ B[J]    B[i] -= T[i, J] X[J] for all rows i still to come
//
// J are the rows of one block, first to last for a lower triangle, last to first for an upper one;
// X T = B is the same by columns. All runs on the device, in the dtype of the matrices.
// Bound: each column x solves (T + ΔT) x = b with |ΔT| <= n eps |T| (Higham, 2002, theorem 8.5), in
// whatever order the sums are taken.
// Cost: n² per right-hand side, of which n B in solves with blocks of B rows.

import {
  type AnyTensor,
  boolean,
  checkOptions,
  type Checks,
  oneOf,
  ShapeError,
  type Tensor,
} from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import { withDevice } from "../with_device.ts";
import { checkMatrix, checkSquareMatrix, DEVICE } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const ACTION = "Cannot solve a triangular system";

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
  const { side = "left", unitDiagonal = false } = options;
  const n = checkSquareMatrix(ACTION, triangle, outer);
  const { dtype, rows, cols } = checkMatrix(ACTION, sides, outer);
  if (dtype !== triangle.dtype) {
    throw new TypeError(
      `${ACTION} as the dtypes must be equal: current dtypes are ${triangle.dtype} and ${dtype}`,
    );
  }
  if ((side === "left" ? rows : cols) !== n) {
    throw new ShapeError(ACTION, side === "left" ? [n, cols] : [rows, n], sides.shape);
  }
  if (!unitDiagonal) checkDiagonal(triangle.data, n);
  using device = outer.scope();
  const x = device.upload(sides as AnyTensor);
  solveInPlace(device, device.upload(triangle as AnyTensor), x, options);
  return await device.download(x) as Tensor<D>;
}

/** Overwrites right-hand sides on a device with the solutions. */
export function solveInPlace(
  outer: Device,
  triangle: DeviceArray,
  x: DeviceArray,
  options: Omit<TriangularSolveOptions, "device">,
): void {
  const { side = "left", lower = true, transpose = false } = options;
  const [n] = triangle.shape;
  const isLeft = side === "left";
  // The order of the rows of T X = B; X T = B goes by columns of T, the other way round.
  const isForward = (lower !== transpose) === isLeft;
  const starts = Array.from({ length: Math.ceil(n / MAX_BLOCK) }, (_, i) => i * MAX_BLOCK);
  for (const j of isForward ? starts : starts.toReversed()) {
    using step = outer.scope();
    const size = Math.min(MAX_BLOCK, n - j);
    const block = step.slice(triangle, { row: j, col: j, rows: size, cols: size });
    const [row, col] = isLeft ? [j, 0] : [0, j];
    step.solveBlock(block, x, { ...options, row, col });
    const [from, to] = isForward ? [j + size, n] : [0, j];
    if (from === to) continue;
    const rest = step.slice(
      triangle,
      isLeft === transpose
        ? { row: j, rows: size, col: from, cols: to - from }
        : { row: from, rows: to - from, col: j, cols: size },
    );
    if (isLeft) {
      const solved = step.slice(x, { row: j, rows: size });
      step.matmul(rest, solved, { transposeA: transpose, alpha: -1, into: x, row: from });
    } else {
      const solved = step.slice(x, { col: j, cols: size });
      step.matmul(solved, rest, { transposeB: transpose, alpha: -1, into: x, col: from });
    }
  }
}

function checkDiagonal(t: ArrayLike<number>, n: number): void {
  for (let i = 0; i < n; i++) {
    if (t[i * n + i] === 0) {
      throw new RangeError(
        `${ACTION} as no diagonal element must be zero: current element ${i} is 0`,
      );
    }
  }
}
