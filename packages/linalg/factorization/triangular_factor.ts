// The triangular factor of a product of Householder reflectors.
//
// R. Schreiber and C. Van Loan, "A Storage-Efficient WY Representation for Products of Householder
// Transformations", SIAM J. Sci. Stat. Comput. 10, 1989:
//
//   H_1 H_2 … H_k = I - V T Vᵀ    T[j, j] = τ_j    T[:j, j] = -τ_j T[:j, :j] (V[:, :j]ᵀ v_j)
//
// Cost: k³ / 3.

/**
 * Makes T, upper triangular, `[k, k]`.
 *
 * @param products VᵀV, `[k, k]`, of which what is below the diagonal is read.
 * @param factors The k numbers τ.
 */
export function triangularFactor(
  products: Float64Array,
  factors: Float64Array,
): Float64Array<ArrayBuffer> {
  const count = factors.length;
  const t = new Float64Array(count * count);
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let l = i; l < j; l++) sum += t[i * count + l] * products[j * count + l];
      t[i * count + j] = -factors[j] * sum;
    }
    t[j * count + j] = factors[j];
  }
  return t;
}
