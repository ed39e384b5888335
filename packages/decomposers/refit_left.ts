// The left factor that is best for a given right one, by least squares.
//
// The closed form of the update of X. Wang et al., "SVD-LLM: Truncation-aware Singular Value
// Decomposition for Large Language Model Compression", 2024, arXiv:2403.07378. With G = X Xᵀ of the
// layer's inputs, or the identity, and ε of f64:
//
//   min ‖(A - L R) X‖_F over L    L = A G Rᵀ (R G Rᵀ + Γ)⁻¹
//   Γ = diag(γ_i)    γ_i = 2¹⁴ n ε a_i²    a_i = Σ_j |R_ij| √G_jj
//
// Departs from the paper: Γ, so that a singular R G Rᵀ (rows of zeros, rows that the inputs do not
// see or do not tell apart) has a solution too. R G Rᵀ is known to n ε a_i a_j in element (i, j);
// 2¹⁴ times as much on the diagonal makes it positive definite up to rank 2¹⁴, and keeps what is
// only rounding errors to 2⁻¹⁴ of the weight where the inputs see nothing. A row of zeros gets a
// column of zeros.
// Bound: ‖(A - L R) X‖² is above its least value, at L*, by at most Σ_i γ_i ‖l*_i‖².
// Cost: k n² + m n k and k² (n + m) + k³/3.

import { type Device, downloadF64 } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import type { Factors } from "./factors.ts";
import { remainderOf } from "./remainder.ts";
import { solvePositive } from "./solve_positive.ts";

/** Γ in units of what R G Rᵀ is known to. */
const DAMPING = 2 ** 14;

/**
 * The left factor L, f64 `[m, k]`, that makes ‖(A - L R) X‖_F least.
 *
 * @param weight A, f64 `[m, n]`.
 * @param right R, f64 `[k, n]`; any, also of dependent rows.
 * @param gram G = X Xᵀ, f64 `[n, n]`; `null` for the identity.
 * @param device Where it is computed; it has f64.
 */
export async function refitLeft(
  weight: Tensor<"f64">,
  right: Tensor<"f64">,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const r = scope.upload(right);
  const weighted = gram ? scope.matmul(r, scope.upload(gram)) : r;
  const a = scope.upload(weight);
  const sides = await downloadF64(scope, scope.matmul(a, weighted, { transposeB: true }));
  const normal = await downloadF64(scope, scope.matmul(weighted, r, { transposeB: true }));
  damp(normal, right, gram);
  return await solvePositive(normal, sides, "right", device);
}

/**
 * The left factor that makes ‖(A - L R) X‖_F least and is nearest to the one given: where the inputs
 * do not decide, L stays as it is.
 *
 * @param factors L, f64 `[m, k]`, and R, f64 `[k, n]`.
 * @param weight A, f64 `[m, n]`.
 * @param gram G, f64 `[n, n]`; `null` for the identity.
 * @param device Where it is computed; it has f64.
 */
export async function refitFactors(
  { left, right }: Factors,
  weight: Tensor<"f64">,
  gram: Tensor<"f64"> | null,
  device: Device,
): Promise<Tensor<"f64">> {
  const rest = await remainderOf(weight, { left, right }, device);
  const { dtype, shape, data } = await refitLeft(rest, right, gram, device);
  return { dtype, shape, data: data.map((change, e) => left.data[e] + change) };
}

/** Adds Γ to R G Rᵀ, in place. */
function damp(
  { data: normal, shape: [rank] }: Tensor<"f64">,
  { data: right, shape: [, n] }: Tensor<"f64">,
  gram: Tensor<"f64"> | null,
): void {
  const sizes = Float64Array.from(
    { length: n },
    (_, j) => gram ? Math.sqrt(Math.max(0, gram.data[j * n + j])) : 1,
  );
  for (let i = 0; i < rank; i++) {
    let size = 0;
    for (let j = 0; j < n; j++) size += Math.abs(right[i * n + j]) * sizes[j];
    // A row that the inputs do not see at all has zeros in R G Rᵀ and on the other side.
    normal[i * rank + i] += DAMPING * n * Number.EPSILON * size ** 2 || 1;
  }
}
