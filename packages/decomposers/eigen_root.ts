import { type Device, type Eigh, eigh } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { ridgeOf } from "./ridge.ts";

/**
 * What is known of Gram matrices, for as long as they live: layers that read the same tensor, such as
 * q, k and v, are given the same matrix, and one eigenproblem of n³ serves them all. It is a function
 * of the matrix alone, so that nobody can tell but by the time it takes, and 8 n² bytes.
 */
const SOLVED = new WeakMap<Tensor<"f64">, Promise<Eigh<"f64">>>();

/** S = P (max(Λ, 0) + μ)^(1/2) of G = P Λ Pᵀ: S Sᵀ = G + μ I, for every symmetric G. */
export async function eigenRoot(
  gram: Tensor<"f64">,
  ridge: number,
  device: Device,
): Promise<Tensor<"f64">> {
  let solving = SOLVED.get(gram);
  if (!solving) {
    solving = eigh(gram, { device });
    SOLVED.set(gram, solving);
  }
  const { values, vectors } = await solving;
  const { shape } = vectors;
  const mu = ridgeOf(gram, ridge);
  const roots = values.data.map((value) => Math.sqrt(Math.max(0, value) + mu));
  const [n] = shape;
  return { dtype: "f64", shape, data: vectors.data.map((value, i) => value * roots[i % n]) };
}
