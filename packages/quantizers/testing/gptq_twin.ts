// GPTQ as its paper has it, in plain f64: by the upper Cholesky factor of the inverse Hessian, columns
// from the first to the last, one scale for each row. What the methods are held against.
//
// E. Frantar et al., "GPTQ", 2022, arXiv:2210.17323, algorithm 1, without batches of columns:
//
//   H⁻¹ = Uᵀ U    e = (w_i − q_i) / U_ii    w_j −= e U_ij for all j ≥ i

import { roundHalfEven, type Tensor } from "@pare/tensor";

/** Levels of one row: step · (code − zeroPoint). */
export interface RowGrid {
  readonly step: number;
  readonly zeroPoint: number;
  readonly levels: number;
}

/** The codes of all weights, row after row. */
export function gptqTwin(
  weight: Tensor,
  hessian: Tensor<"f64">,
  gridOf: (row: number) => RowGrid,
): Uint8Array {
  const [rows, n] = weight.shape;
  const upper = upperFactor(inverseOf(hessian.data, n), n);
  const codes = new Uint8Array(rows * n);
  for (let row = 0; row < rows; row++) {
    const w = Float64Array.from(weight.data.subarray(row * n, (row + 1) * n));
    const { step, zeroPoint, levels } = gridOf(row);
    for (let i = 0; i < n; i++) {
      const code = Math.min(Math.max(roundHalfEven(w[i] / step) + zeroPoint, 0), levels);
      codes[row * n + i] = code;
      const error = (w[i] - step * (code - zeroPoint)) / upper[i * n + i];
      for (let j = i; j < n; j++) w[j] -= error * upper[i * n + j];
    }
  }
  return codes;
}

/** By Gauss and Jordan; the matrix is positive definite, so that no pivot is zero. */
function inverseOf(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 1;
  for (let i = 0; i < n; i++) {
    const pivot = a[i * n + i];
    for (let j = 0; j < n; j++) {
      a[i * n + j] /= pivot;
      inverse[i * n + j] /= pivot;
    }
    for (let k = 0; k < n; k++) {
      const factor = a[k * n + i];
      if (k === i || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        a[k * n + j] -= factor * a[i * n + j];
        inverse[k * n + j] -= factor * inverse[i * n + j];
      }
    }
  }
  return inverse;
}

/** U, upper triangular, of A = Uᵀ U. */
function upperFactor(a: Float64Array, n: number): Float64Array {
  const upper = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < i; k++) sum -= upper[k * n + i] * upper[k * n + j];
      upper[i * n + j] = i === j ? Math.sqrt(sum) : sum / upper[i * n + i];
    }
  }
  return upper;
}
