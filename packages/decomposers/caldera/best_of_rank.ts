// The best approximation of given rank on the inputs: min over rank k of tr((A - Z) H (A - Z)ᵀ).
//
// For any root S of H, Z = (A S)_k S⁻¹ = U Uᵀ A, U the k leading eigenvectors of A H Aᵀ: neither the
// root nor an inverse is formed, and a singular H is as good as any. Small problems are solved exactly
// by `basis.ts`; large ones by the products of `leading_subspace.ts`, as an eigenproblem of min(m, n)
// costs its cube.
// Bound: Σ_{i>k} λ_i, the tail of the eigenvalues of A H Aᵀ; see the two.

import type { DeviceArray } from "@pare/linalg";
import { castTo, type Tensor } from "@pare/tensor";
import { nestedBasis } from "../basis.ts";
import type { Factors } from "../factors.ts";
import { downloadAsF64 } from "./download_as_f64.ts";
import type { Layer } from "./layer.ts";
import { leadingSubspace } from "./leading_subspace.ts";

/** The largest shorter side of a matrix that is solved exactly. */
const EXACT_SIZE = 512;

/**
 * L, f64 `[m, k]`, of orthonormal columns, the leading one first, and R = Lᵀ A, f64 `[k, n]`.
 *
 * @param layer The inputs, and where it is computed.
 * @param a A, f32 `[m, n]`.
 * @param rank k, from 1 to min(m, n).
 * @param seed Which random vectors a large problem begins with.
 */
export async function bestOfRank(
  { hessian, damped, device, exact }: Layer,
  a: DeviceArray,
  rank: number,
  seed: number,
): Promise<Factors> {
  using scope = device.scope();
  const left: Tensor<"f64"> = Math.min(...a.shape) <= EXACT_SIZE
    ? await nestedBasis(await downloadAsF64(scope, a), [{ rank, gram: damped }], exact)
    : await leadingSubspace(scope, a, hessian, { rank, seed, exact });
  const u = scope.upload(castTo(left, "f32"));
  return { left, right: await downloadAsF64(scope, scope.matmul(u, a, { transposeA: true })) };
}
