// The Hessian downdate: what rounding need not care about, as the low-rank part can make up for it.
//
// R. Saha et al., "Compressing Large Language Models using Low Rank and Low Precision Decomposition"
// (CALDERA), 2024, arXiv:2405.18886, appendix E.2; there with an SVD of L R M, M Mᵀ = H. Here in closed
// form, the Schur complement of what R sees of the inputs, by a share γ:
//
//   H_γ = H - γ H Rᵀ (R H Rᵀ)⁻¹ R H = H - γ Xᵀ X    R H Rᵀ = C Cᵀ    X = C⁻¹ R H
//
// tr(E H_1 Eᵀ) = min over D of tr((E - D R) H (E - D R)ᵀ): what is left of E once L has been fitted to
// it again. So γ = 1 is right for an L that may become anything; one of few bits takes up less.
//
// Departs from the paper: γ, and no ridge, which whoever rounds adds anyway. Rows of zeros in R, and
// rows that H does not tell apart, take nothing away twice, as R H Rᵀ is raised (`raised_gram.ts`).
// Bound: H_γ is symmetric; its eigenvalues are at least -c n ε of the largest of H, and R H_1 = 0 to
// about as much. Cost: n² k twice, k³/3 and k² n.

import { cholesky, type Device, downloadF64, triangularSolve } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { raisedGram, sizesUnder } from "./raised_gram.ts";

/**
 * H_γ, f64 `[n, n]`.
 *
 * @param hessian H, symmetric and positive definite, f64 `[n, n]`.
 * @param right R, f64 `[k, n]`.
 * @param strength γ, 0 to 1.
 * @param device Where it is computed; it has f64.
 */
export async function downdate(
  hessian: Tensor<"f64">,
  right: Tensor<"f64">,
  strength: number,
  device: Device,
): Promise<Tensor<"f64">> {
  if (strength === 0) return hessian;
  using scope = device.scope();
  const h = scope.upload(hessian);
  const r = scope.upload(right);
  const seen = scope.matmul(r, h);
  const normal = await downloadF64(scope, scope.matmul(seen, r, { transposeB: true }));
  const sizes = sizesUnder(hessian, right);
  const raised = raisedGram(normal, sizes, right.shape[1], Number.EPSILON / 2);
  const factor = await cholesky(raised, { device });
  const x = scope.upload(await triangularSolve(factor, await downloadF64(scope, seen), { device }));
  scope.matmul(x, x, { transposeA: true, alpha: -strength, into: h });
  return await downloadF64(scope, h);
}
