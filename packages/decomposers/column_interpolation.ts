// Column interpolative decomposition: a matrix by some of its own columns.
//
// H. Cheng, Z. Gimbutas, P. G. Martinsson, V. Rokhlin, "On the compression of low rank matrices",
// SIAM J. Sci. Comput. 26 (2005), by ordinary QR with column pivoting:
//
//   D Π = Q [T₁₁ T₁₂; 0 T₂₂]    J = the first k pivots    T = T₁₁⁻¹ T₁₂
//   Z[:, J] = I    Z[:, Jᶜ] = T    D ≈ D[:, J] Z
//
// Departs from the paper: J ascends, so that a mask tells it; where D has only r < k columns that are
// independent (t_ii > 1e-12 t_11), T₁₁ is of size r, the rows of T from r on are zeros, and the
// columns that came next fill up J.
// Bound: D[:, J] is reproduced exactly, ‖D - D[:, J] Z‖_F = ‖T₂₂‖_F, the least for these columns.
// Pivoting alone does not bound T as strong rank-revealing QR does (by 2), though it is small in
// practice. Cost: 4 m n k.

import { type Device, qrPivoted, triangularSolve } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";

/** Below this share of the first pivot a column counts as a combination of those before it. */
const PRECISION = 1e-12;

/** A matrix `[m, n]` by k of its columns: D ≈ D[:, J] Z. */
export interface ColumnInterpolation {
  /** J, in ascending order: u32 `[k]`. */
  readonly columns: Tensor<"u32">;
  /** T, f64 `[k, n − k]`: how each of the other columns is made of these; `null` where k = n. */
  readonly rest: Tensor<"f64"> | null;
}

/** Chooses `rank` columns of a matrix, f64 `[m, n]`, that make up the others; min(m, n) at most. */
export async function interpolateColumns(
  matrix: Tensor<"f64">,
  rank: number,
  device: Device,
): Promise<ColumnInterpolation> {
  const { r, permutation } = await qrPivoted(matrix, { device, maxRank: rank });
  return await interpolationOf(r, permutation, device);
}

/**
 * Reads the decomposition off a triangular factor `[k, n]`, whose column j is that of the matrix with
 * the number `permutation[j]`.
 */
export async function interpolationOf(
  r: Tensor<"f64">,
  permutation: Tensor<"u32">,
  device: Device,
): Promise<ColumnInterpolation> {
  const [k, n] = r.shape;
  const pivots = permutation.data.subarray(0, k);
  const columns: Tensor<"u32"> = { dtype: "u32", shape: [k], data: pivots.toSorted() };
  if (k === n) return { columns, rest: null };
  const rank = rankOfTriangle(r);
  const data = new Float64Array(k * (n - k));
  if (rank > 0) {
    const mixed = await triangularSolve(part(r, rank, 0, rank), part(r, rank, k, n), {
      device,
      lower: false,
    });
    const rowOf = ranks(pivots);
    const colOf = ranks(permutation.data.subarray(k));
    for (let i = 0; i < rank; i++) {
      for (let j = 0; j < n - k; j++) {
        data[rowOf[i] * (n - k) + colOf[j]] = mixed.data[i * (n - k) + j];
      }
    }
  }
  return { columns, rest: { dtype: "f64", shape: [k, n - k], data } };
}

/** The columns of a matrix with the given numbers. */
export function takeColumns(
  matrix: Tensor<"f64">,
  { data: columns }: Tensor<"u32">,
): Tensor<"f64"> {
  const [rows, cols] = matrix.shape;
  const data = new Float64Array(rows * columns.length);
  for (let i = 0; i < rows; i++) {
    columns.forEach((column, j) => data[i * columns.length + j] = matrix.data[i * cols + column]);
  }
  return { dtype: "f64", shape: [rows, columns.length], data };
}

function rankOfTriangle({ shape: [k, n], data }: Tensor<"f64">): number {
  for (let i = 0; i < k; i++) {
    if (data[i * n + i] <= PRECISION * data[0]) return i;
  }
  return k;
}

/** Rows 0 to `rows` of the columns `from` to `to`. */
function part(matrix: Tensor<"f64">, rows: number, from: number, to: number): Tensor<"f64"> {
  const cols = matrix.shape[1];
  const width = to - from;
  const data = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    data.set(matrix.data.subarray(i * cols + from, i * cols + to), i * width);
  }
  return { dtype: "f64", shape: [rows, width], data };
}

/** For each of some distinct numbers, how many of them are smaller. */
function ranks(numbers: Uint32Array): Uint32Array {
  const order = Uint32Array.from(numbers.keys()).sort((a, b) => numbers[a] - numbers[b]);
  const result = new Uint32Array(numbers.length);
  order.forEach((at, rank) => result[at] = rank);
  return result;
}
