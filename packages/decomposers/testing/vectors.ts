// The matrices and inputs of the vectors V1 to V4, on which everything was computed independently.

import { diagonal, type Matrix, matrix } from "./matrices.ts";

/** V1: more rows than columns, a Gram matrix of full rank. */
export const A1: Matrix = matrix([[2, 1, 0], [1, 3, 1], [0, 1, 4], [1, 0, 2]]);
/** The inputs of V1, a row per channel. */
export const X1: Matrix = matrix([[4, -4, 2, 0, 1], [1, 1, 0, 2, -1], [0, 1, -1, 0, 1]]);
/** Other inputs of V1 than it is calibrated on. */
export const SHIFTED1: Matrix = matrix([[1, 0, 1, 0], [0, 1, 0, 1], [3, -4, 2, 1]]);
/** V2: by hand. */
export const A2: Matrix = diagonal([3, 2]);
/** The inputs of V2. */
export const X2: Matrix = diagonal([1, 3]);
/** The inputs of V3, whose Gram matrix is singular; its weight is that of V1. */
export const X3: Matrix = matrix([[1, 2], [0, 1], [1, 1]]);
/** V4: more columns than rows. */
export const A4: Matrix = matrix([
  [1, 2, 0, -1, 3],
  [0, 1, -2, 2, 1],
  [2, -1, 1, 0, 0],
  [1, 1, 1, -3, 2],
]);
/** The inputs of V4. */
export const X4: Matrix = matrix([
  [2, 0, 1, -1, 3, 0],
  [0, 5, -5, 4, 0, 1],
  [1, 1, 0, 0, -1, 2],
  [0, 1, 0, -2, 1, 1],
  [1, 0, 0, 1, 1, -1],
]);
