// Two factors whose columns and rows weigh the same, for quantizers whose scales serve neighbours in
// a row.
//
// With L = U_k and R = U_kᵀ A, all columns of L have one norm, but an error in column j costs as much
// as row j of R is large: neighbours in a row of L, which share a scale, deserve scales of their own.
// The product stays the same for any D = diag(d_j):
//
//   L D    D⁻¹ R    d_j = (r_j H r_jᵀ / ‖l_j‖²)^(1/4)    H = I + G / (tr G / n)
//
// d_j² balances ‖l_j d_j‖ with the norm of r_j / d_j, half by what the inputs weigh, half by itself;
// so the square root of singular values is split between both factors. It is H, as G alone makes
// columns small that the inputs do not need, and I alone others than the loss needs.
// Row j of R is quantized the same whatever d_j is, up to the rounding of its scales, so nothing more
// is stored. Where R cannot take D⁻¹, as it holds an identity, it is stored beside L D: a number a
// column.
// Cost: k n².

import { type Device, downloadF64 } from "@pare/linalg";
import { castTo, type Tensor, toF32 } from "@pare/tensor";
import type { Factors } from "./factors.ts";

/**
 * Balances two factors: L · D and D⁻¹ · R for a diagonal D.
 *
 * @param factors L, f64 `[m, k]`, and R, f64 `[k, n]`.
 * @param gram G, f64 `[n, n]`; `null` where none is known.
 * @param device Where it is computed; it has f64.
 */
export async function balanceFactors(
  factors: Factors,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<Factors> {
  const { left, right } = factors;
  const [rank, cols] = right.shape;
  const scales = await balance(factors, gram, device);
  return {
    left: { ...left, data: left.data.map((value, e) => value * scales[e % rank]) },
    right: { ...right, data: right.data.map((value, e) => value / scales[Math.floor(e / cols)]) },
  };
}

/** L D, and D⁻¹ apart from it. */
export interface BalancedLeft {
  /** L D, f64 `[m, k]`. */
  readonly left: Tensor<"f64">;
  /** The diagonal of D⁻¹, `[k]`. */
  readonly scales: Tensor<"f16">;
}

/** Balances the left one of two factors: L · D, for a D⁻¹ whose numbers are f16. */
export async function balanceLeft(
  factors: Factors,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<BalancedLeft> {
  const { left, right: { shape: [rank] } } = factors;
  const wanted = (await balance(factors, gram, device)).map((scale) => 1 / scale);
  const rounded = toF32(castTo({ dtype: "f64", shape: [rank], data: wanted }, "f16")).data;
  // What f16 cannot hold is left alone.
  const stored = rounded.map((scale) => scale > 0 && Number.isFinite(scale) ? scale : 1);
  return {
    left: { ...left, data: left.data.map((value, e) => value / stored[e % rank]) },
    scales: castTo({ dtype: "f32", shape: [rank], data: stored }, "f16"),
  };
}

/** d_j; 1 where a column or a row is zero and there is nothing to balance. */
async function balance(
  { left, right }: Factors,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<Float64Array> {
  const [rank, cols] = right.shape;
  const heights = gram && await squaresUnder(gram, right, device);
  const columns = columnSquares(left);
  return Float64Array.from({ length: rank }, (_, j) => {
    const row = right.data.subarray(j * cols, (j + 1) * cols);
    const square = row.reduce((sum, value) => sum + value * value, 0) + (heights?.[j] ?? 0);
    const ratio = Math.sqrt(Math.sqrt(square / columns[j]));
    return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
  });
}

/** r_j G r_jᵀ / (tr G / n) of each row; zeros where G is. */
async function squaresUnder(
  gram: Tensor<"f64">,
  right: Tensor<"f64">,
  device: Device,
): Promise<Float64Array> {
  const n = gram.shape[0];
  let trace = 0;
  for (let i = 0; i < n; i++) trace += gram.data[i * (n + 1)];
  if (!(trace > 0)) return new Float64Array(right.shape[0]);
  using scope = device.scope();
  const r = scope.upload(right);
  const weighted = scope.matmul(r, scope.upload(gram), { alpha: n / trace });
  const squares = scope.reduceRows(scope.multiply(weighted, r), "sum");
  // Rounding may leave a little less than nothing.
  return (await downloadF64(scope, squares)).data.map((value) => Math.max(0, value));
}

function columnSquares({ shape: [rows, cols], data }: Tensor<"f64">): Float64Array {
  const squares = new Float64Array(cols);
  for (let e = 0; e < rows * cols; e++) squares[e % cols] += data[e] ** 2;
  return squares;
}
