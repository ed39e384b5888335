// Matrices that factorizations are measured on. What they cost depends on their shape alone.

import { castTo, randomNormal, type Tensor } from "@pare/tensor";

/** Normal numbers in f64. */
export function normalF64(shape: readonly number[], seed: number): Tensor<"f64"> {
  return castTo(randomNormal(shape, { seed }), "f64");
}

/** The symmetric part of normal numbers, with `shift` added to the diagonal. */
function symmetricPlus(n: number, shift: number): Tensor<"f64"> {
  const matrix = normalF64([n, n], 1);
  const { data } = matrix;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (data[i * n + j] + data[j * n + i]) / 2;
      data[i * n + j] = mean;
      data[j * n + i] = mean;
    }
    data[i * n + i] += shift;
  }
  return matrix;
}

/** A symmetric matrix. */
export function symmetric(n: number): Tensor<"f64"> {
  return symmetricPlus(n, 0);
}

/** A positive definite matrix: eigenvalues of the symmetric part stay within ±√(2n), about. */
export function positiveDefinite(n: number): Tensor<"f64"> {
  return symmetricPlus(n, 2 * Math.sqrt(n));
}

/** A lower triangular matrix that is far from singular. */
export function lowerTriangular(n: number): Tensor<"f64"> {
  const matrix = normalF64([n, n], 2);
  for (let i = 0; i < n; i++) {
    matrix.data[i * n + i] = n;
    matrix.data.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return matrix;
}
