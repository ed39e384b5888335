import { cholesky, type Device, triangularSolve } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";

/**
 * Solves with a positive definite matrix M, f64 `[k, k]`: M⁻¹ B, or B M⁻¹ where it stands right.
 *
 * @param matrix M; only its lower triangle is read.
 * @param sides B, f64.
 * @param side Where M stands.
 * @param device Where it is computed; it has f64.
 */
export async function solvePositive(
  matrix: Tensor<"f64">,
  sides: Tensor<"f64">,
  side: "left" | "right",
  device: Device,
): Promise<Tensor<"f64">> {
  const factor = await cholesky(matrix, { device });
  // M = C Cᵀ: M⁻¹ B = C⁻ᵀ (C⁻¹ B), and B M⁻¹ = (B C⁻ᵀ) C⁻¹.
  const first = { side, transpose: side === "right", device };
  const half = await triangularSolve(factor, sides, first);
  return await triangularSolve(factor, half, { ...first, transpose: !first.transpose });
}
