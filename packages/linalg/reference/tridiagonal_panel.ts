// A panel of the reduction of a symmetric matrix to tridiagonal form.
//
// J. Dongarra, D. Sorensen and S. Hammarling, "Block Reduction of Matrices to Condensed Forms for
// Eigenvalue Computations", J. Comput. Appl. Math. 27, 1989, section 3. Within the panel the matrix A
// before row i stays as it was; what the reflectors so far have made of it is A - V Wᵀ - W Vᵀ:
//
//   a = (A - V Wᵀ - W Vᵀ)[i, :i + 1]    v, τ_i, e_{i-1} = reflect(a[:i])    d_i = a[i]
//   w = τ (A v - V (Wᵀ v) - W (Vᵀ v))    w -= τ (wᵀ v) / 2 · v
//
// Departs from the paper: it goes from the last row up, so that what is read of the lower triangle
// are rows as they lie. Rows of V take the place of the rows of the matrix that they were made of.
// Bound: T = Qᵀ (A + ΔA) Q with ‖ΔA‖ <= c n eps ‖A‖. Cost: 4 multiplications for each element of the
// triangle a row, and 6 width² n for V and W.

import type { HostArray } from "../kernels.ts";
import type { TridiagonalPanelParams } from "../step_kernels.ts";

/** A row with nothing larger has no reflector. */
const TINY: Readonly<Record<"f32" | "f64", number>> = { f32: 2 ** -100, f64: 2 ** -900 };

/** Reduces the rows of a panel, the last one first. */
export function tridiagonalPanel(p: TridiagonalPanelParams<HostArray>): void {
  const { matrix, w, coefficients, dtype, n, size, width } = p;
  const first = size - width;
  for (let i = size - 1; i >= first; i--) {
    const row = new Float64Array(i + 1);
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = i + 1; k < size; k++) {
        sum -= matrix[k * n + i] * w[(k - first) * size + j];
        sum -= w[(k - first) * size + i] * matrix[k * n + j];
      }
      row[j] = sum;
    }
    coefficients[i] = row[i];
    const v = row.subarray(0, i);
    const { tau, beta } = reflectLast(v, TINY[dtype]);
    if (i > 0) coefficients[n + i - 1] = beta;
    coefficients[2 * n + i] = tau;
    matrix.fill(0, i * n, (i + 1) * n);
    matrix.set(v, i * n);
    w.fill(0, (i - first) * size, (i - first + 1) * size);
    w.set(correction(p, i, v, tau), (i - first) * size);
  }
}

/** Makes the reflector that leaves nothing of `x` but the last element; `x` becomes v. */
function reflectLast(x: Float64Array, tiny: number): { tau: number; beta: number } {
  if (x.length === 0) return { tau: 0, beta: 0 };
  const last = x.length - 1;
  const alpha = x[last];
  let largest = 0;
  for (const value of x) largest = Math.max(largest, Math.abs(value));
  let rest = 0;
  // Of numbers up to 1, no square overflows, and none that matters underflows.
  if (largest >= tiny) { for (let j = 0; j < last; j++) rest += (x[j] / largest) ** 2; }
  if (rest === 0) {
    x.fill(0);
    return { tau: 0, beta: alpha };
  }
  const scaled = alpha / largest;
  const norm = Math.sqrt(scaled * scaled + rest);
  const beta = scaled > 0 ? -norm : norm;
  for (let j = 0; j < last; j++) x[j] = x[j] / largest / (scaled - beta);
  x[last] = 1;
  return { tau: (beta - scaled) / beta, beta: beta * largest };
}

/** The row of W that belongs to row i. */
function correction(
  { matrix, w, n, size, width }: TridiagonalPanelParams<HostArray>,
  i: number,
  v: Float64Array,
  tau: number,
): Float64Array {
  const first = size - width;
  const y = new Float64Array(i);
  for (let row = 0; row < i; row++) {
    for (let j = 0; j < row; j++) {
      y[row] += matrix[row * n + j] * v[j];
      y[j] += matrix[row * n + j] * v[row];
    }
    y[row] += matrix[row * n + row] * v[row];
  }
  for (let k = i + 1; k < size; k++) {
    let alongV = 0;
    let alongW = 0;
    for (let j = 0; j < i; j++) {
      alongV += matrix[k * n + j] * v[j];
      alongW += w[(k - first) * size + j] * v[j];
    }
    for (let j = 0; j < i; j++) {
      y[j] -= alongW * matrix[k * n + j] + alongV * w[(k - first) * size + j];
    }
  }
  let along = 0;
  for (let j = 0; j < i; j++) along += y[j] * v[j];
  for (let j = 0; j < i; j++) y[j] = tau * y[j] - tau * tau * along / 2 * v[j];
  return y;
}
