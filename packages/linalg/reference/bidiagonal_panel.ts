// A panel of the reduction of a square matrix to upper bidiagonal form.
//
// J. Dongarra, D. Sorensen and S. Hammarling, "Block Reduction of Matrices to Condensed Forms for
// Eigenvalue Computations", J. Comput. Appl. Math. 27, 1989, section 4. Within a panel the matrix A
// stays as it was; what the reflectors so far have made of it is A - V Yᵀ - X Wᵀ. Step i:
//
//   c = (A - V Yᵀ - X Wᵀ)[i:, i]       v_i, τ_i, d_i = reflect(c)    y_i = τ_i (Aᵀ - Y Vᵀ - W Xᵀ) v_i
//   r = (A - V Yᵀ - X Wᵀ)[i, i + 1:]   w_i, π_i, e_i = reflect(r)    x_i = π_i (A - V Yᵀ - X Wᵀ) w_i
//
// where r and x_i know of v_i and y_i already. With the triangles of
//
//   H_1 H_2 … = I - V T Vᵀ    T[j, j] = τ_j    T[:j, j] = -τ_j T[:j, :j] (V[:, :j]ᵀ v_j)
//
// (R. Schreiber and C. Van Loan, SIAM J. Sci. Stat. Comput. 10, 1989), and likewise for W.
// Bound: as of a product of so many reflectors, c k eps ‖A‖ with k steps.
// Cost: 8 s² flops a step on s remaining rows and columns.

import type { HostArray } from "../kernels.ts";
import type { BidiagonalPanelParams } from "../step_kernels.ts";

/** See `Device.bidiagonalPanel`. */
export function bidiagonalPanel(p: BidiagonalPanelParams<HostArray>): void {
  const { a, first, width, rows, cols, band, left, right } = p;
  const size = p.size - first;
  for (const array of [rows, cols, band, left, right]) array.fill(0);
  const vector = (array: HostArray, k: number) => array.subarray(k * size, (k + 1) * size);
  // The matrix as the reflectors so far have left it.
  const current = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const start = (first + i) * p.size + first;
    current.set(a.subarray(start, start + size), i * size);
  }
  for (let i = 0; i < width; i++) {
    const [v, y] = [vector(rows, i), vector(cols, i)];
    for (let r = i; r < size; r++) v[r] = current[r * size + i];
    const column = reflect(v.subarray(i));
    band[i] = column.beta;
    addToTriangle(left, width, i, column.tau, (k) => dot(vector(rows, k), v));
    if (i + 1 === size) break;
    for (let j = i + 1; j < size; j++) {
      let product = 0;
      for (let r = i; r < size; r++) product += current[r * size + j] * v[r];
      y[j] = column.tau * product;
    }
    subtractProduct(current, v, y);
    const [x, w] = [vector(rows, width + i), vector(cols, width + i)];
    for (let j = i + 1; j < size; j++) w[j] = current[i * size + j];
    const row = reflect(w.subarray(i + 1));
    band[width + i] = row.beta;
    addToTriangle(right, width, i, row.tau, (k) => dot(vector(cols, width + k), w));
    for (let r = i + 1; r < size; r++) {
      x[r] = row.tau * dot(current.subarray(r * size, (r + 1) * size), w);
    }
    subtractProduct(current, x, w);
  }
}

/** matrix -= x yᵀ. */
function subtractProduct(matrix: Float64Array, x: HostArray, y: HostArray): void {
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < y.length; j++) matrix[i * y.length + j] -= x[i] * y[j];
  }
}

/** Makes the reflector that turns `x` into a multiple of the first unit vector; `x` becomes v. */
function reflect(x: HostArray): { tau: number; beta: number } {
  const alpha = x[0];
  let largest = 0;
  for (const value of x.subarray(1)) largest = Math.max(largest, Math.abs(value));
  // Beside a matrix of norm 1 or more this is nothing, and its inverse is no number to count with.
  if (largest < (x instanceof Float64Array ? 1e-270 : 1e-30)) {
    x.fill(0);
    x[0] = 1;
    return { tau: 0, beta: alpha };
  }
  let squares = 0;
  for (const value of x.subarray(1)) squares += (value / largest) ** 2;
  const norm = Math.hypot(alpha, largest * Math.sqrt(squares));
  const beta = alpha > 0 ? -norm : norm;
  for (let i = 1; i < x.length; i++) x[i] /= alpha - beta;
  x[0] = 1;
  return { tau: (beta - alpha) / beta, beta };
}

/** Appends column j to the triangle of a product of reflectors. */
function addToTriangle(
  t: HostArray,
  width: number,
  j: number,
  tau: number,
  product: (k: number) => number,
): void {
  const products = Float64Array.from({ length: j }, (_, k) => product(k));
  for (let i = 0; i < j; i++) {
    let sum = 0;
    for (let k = i; k < j; k++) sum += t[i * width + k] * products[k];
    t[i * width + j] = -tau * sum;
  }
  t[j * width + j] = tau;
}

function dot(a: HostArray, b: HostArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
