// R H Rᵀ made positive definite, whatever rows R has and however singular H is.
//
// Element (i, j) of it is known to about 2 n ε √(d_i d_j), d_i = Σ_j r_ij² h_jj, for two products of
// inner length n with a unit roundoff of ε. So with 4 n ε d_i more on the diagonal there is a Cholesky
// factor for rows too that depend on each other or that H does not see, and nothing is lost that was
// ever known. Where d_i = 0, 1 takes its place: a row of zeros has zeros on the other side as well.

import type { Tensor } from "@pare/tensor";

/**
 * R H Rᵀ with 4 n ε d_i more in element i of the diagonal.
 *
 * @param gram R H Rᵀ, f64 `[k, k]`.
 * @param sizes d, `[k]`.
 * @param length n.
 * @param epsilon ε of the dtype that `gram` was computed in.
 */
export function raisedGram(
  { dtype, shape, data }: Tensor<"f64">,
  sizes: Float64Array,
  length: number,
  epsilon: number,
): Tensor<"f64"> {
  const [rank] = shape;
  const raised = data.slice();
  for (let i = 0; i < rank; i++) raised[i * (rank + 1)] += 4 * length * epsilon * sizes[i] || 1;
  return { dtype, shape, data: raised };
}

/** d of R, `[k, n]`, under H, f64 `[n, n]`. */
export function sizesUnder(
  hessian: Tensor<"f64">,
  { shape: [rank, cols], data }: Tensor | Tensor<"f64">,
): Float64Array {
  const sizes = new Float64Array(rank);
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < cols; j++) {
      sizes[i] += data[i * cols + j] ** 2 * hessian.data[j * (cols + 1)];
    }
  }
  return sizes;
}
