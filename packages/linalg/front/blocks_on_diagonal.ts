// Small blocks on the diagonal: what blocked factorizations and solves leave to a kernel.

import { ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { SolveBlockOptions } from "../factorization_steps.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import { checkCount, checkRectangle, checkShape, matrixShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.choleskyBlock`. */
export function choleskyBlock<S>(
  context: Context<S>,
  matrix: DeviceArray,
  at: number,
  size: number,
  status: DeviceArray,
): void {
  const action = "Cannot factorize a block";
  const dtype = context.float(action, matrix, "choleskyBlock");
  const [height, width] = matrixShape(action, matrix);
  if (height !== width) throw new ShapeError(action, [height, height], matrix.shape);
  checkCount(action, "size", size, 1, MAX_BLOCK);
  checkRectangle(action, at, at, size, size, height, width);
  sameDtype(action, matrix, status);
  checkShape(action, status, [2]);
  context.kernels.choleskyBlock({
    x: context.open(action, matrix),
    dtype,
    lead: width,
    at,
    size,
    status: context.open(action, status),
  });
}

/** See `Device.solveBlock`. */
export function solveBlock<S>(
  context: Context<S>,
  triangle: DeviceArray,
  target: DeviceArray,
  options: SolveBlockOptions = {},
): void {
  const action = "Cannot solve with a block";
  const { side = "left", lower = true, transpose = false, unitDiagonal = false } = options;
  const { row = 0, col = 0 } = options;
  const dtype = context.float(action, triangle, "solveBlock");
  const [n, width] = matrixShape(action, triangle);
  checkCount(action, "the size of the triangle", n, 1, MAX_BLOCK);
  if (n !== width) throw new ShapeError(action, [n, n], triangle.shape);
  sameDtype(action, triangle, target);
  const [height, lead] = matrixShape(action, target);
  const isLeft = side === "left";
  const { count = isLeft ? lead - col : height - row } = options;
  const [rows, cols] = isLeft ? [n, count] : [count, n];
  checkRectangle(action, row, col, rows, cols, height, lead);
  checkCount(action, "count", count, 1, Infinity);
  context.kernels.solveBlock({
    triangle: context.open(action, triangle),
    x: context.open(action, target),
    dtype,
    n,
    count,
    offset: row * lead + col,
    systemStep: isLeft ? 1 : lead,
    unknownStep: isLeft ? lead : 1,
    // X T = B is Tᵀ Xᵀ = Bᵀ: there a row is a system, here a column is one.
    isTransposed: transpose === isLeft,
    isBackward: lower === (transpose === isLeft),
    isUnit: unitDiagonal,
  });
}
