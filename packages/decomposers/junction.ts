// The junction form of a product: a matrix between the factors that makes an identity of k columns
// of the right one, which then need not be stored.
//
// T. Koike-Akino et al., "LatentLLM: Attention-Aware Joint Tensor Compression", 2025,
// arXiv:2505.18413; here for any two factors, with columns that pivoting chooses:
//
//   R ≈ R[:, J] Z    L' = L R[:, J]    L R = L' Z    Z[:, J] = I    Z[:, Jᶜ] = T
//
// It stores k (m + n) - k² numbers and a bit for each column instead of k (m + n) numbers, never more
// than m n, so that the same numbers hold a larger rank.
// Bound: the product is the same but for rounding, also where R has dependent rows.
// Cost: 4 k² n - 8/3 k³ for the pivoted QR of R, and 2 m k².

import { type Device, downloadF64 } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import {
  type ColumnInterpolation,
  interpolateColumns,
  takeColumns,
} from "./column_interpolation.ts";
import type { Factors } from "./factors.ts";

/** A product with an identity in its right factor: L' · Z. */
export interface Junction extends ColumnInterpolation {
  /** L', f64 `[m, k]`: the columns J of what it stands for. */
  readonly left: Tensor<"f64">;
}

/** Approximates D, f64 `[m, n]`, by `rank` of its columns, min(m, n) at most. */
export async function junctionOf(
  matrix: Tensor<"f64">,
  rank: number,
  device: Device,
): Promise<Junction> {
  const interpolation = await interpolateColumns(matrix, rank, device);
  return { left: takeColumns(matrix, interpolation.columns), ...interpolation };
}

/** Brings two factors, L `[m, k]` and R `[k, n]` with k of n at most, into the junction form. */
export async function joinFactors({ left, right }: Factors, device: Device): Promise<Junction> {
  const interpolation = await interpolateColumns(right, right.shape[0], device);
  const taken = takeColumns(right, interpolation.columns);
  using scope = device.scope();
  const product = scope.matmul(scope.upload(left), scope.upload(taken));
  return { left: await downloadF64(scope, product), ...interpolation };
}

/** A junction as two factors, the identity written out. */
export function factorsOfJunction({ left, columns, rest }: Junction): Factors {
  const rank = columns.data.length;
  const width = rest?.shape[1] ?? 0;
  const cols = rank + width;
  const data = new Float64Array(rank * cols);
  const others = otherColumns(columns, cols);
  for (let i = 0; i < rank; i++) {
    data[i * cols + columns.data[i]] = 1;
    others.forEach((column, j) => data[i * cols + column] = rest?.data[i * width + j] ?? 0);
  }
  return { left, right: { dtype: "f64", shape: [rank, cols], data } };
}

/** The rows and columns of a Gram matrix that belong to T. */
export function othersOf(
  { shape: [n], data: all }: Tensor<"f64">,
  columns: Tensor<"u32">,
): Tensor<"f64"> {
  const others = otherColumns(columns, n);
  const size = others.length;
  const data = new Float64Array(size * size);
  others.forEach((row, i) => {
    others.forEach((column, j) => data[i * size + j] = all[row * n + column]);
  });
  return { dtype: "f64", shape: [size, size], data };
}

/** Jᶜ, in ascending order. */
function otherColumns({ data: columns }: Tensor<"u32">, cols: number): number[] {
  const chosen = new Set(columns);
  return Array.from({ length: cols }, (_, j) => j).filter((j) => !chosen.has(j));
}
