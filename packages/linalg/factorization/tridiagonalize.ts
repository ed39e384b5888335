// Reduction of a symmetric matrix to tridiagonal form by panels of Householder reflectors.
//
// J. Dongarra, D. Sorensen and S. Hammarling, "Block Reduction of Matrices to Condensed Forms for
// Eigenvalue Computations", J. Comput. Appl. Math. 27, 1989, section 3: `Device.tridiagonalPanel`
// reduces the last rows that are left, and makes of them V and W; then what is before them becomes
//
//   A - Vᵀ W - Wᵀ V = A - [V; W]ᵀ [W; V]
//
// All of it stays on the device; the lower triangle alone is read and written.
// Bound: T = Qᵀ (A + ΔA) Q with ‖ΔA‖ <= c n eps ‖A‖. Cost: 4/3 n³, half of it in A v.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/** Rows of a panel. */
const BLOCK = 32;

/**
 * Reduces a symmetric matrix `[n, n]` on the device, in place: its rows become the vectors of the
 * reflectors.
 *
 * @returns What `tridiagonalPanel` wrote: the diagonal, what stands beside it, and the factors of the
 *   reflectors, `[3, n]`.
 */
export function tridiagonalize(
  device: Device,
  dtype: MatrixDtype,
  matrix: DeviceArray,
): DeviceArray {
  const [n] = matrix.shape;
  const coefficients = device.zeros([3, n], dtype);
  for (let size = n; size > 0; size -= BLOCK) {
    using scope = device.scope();
    const width = Math.min(BLOCK, size);
    const rest = size - width;
    const w = scope.zeros([width, size], dtype);
    scope.tridiagonalPanel(matrix, w, coefficients);
    if (rest === 0) break;
    const v = scope.slice(matrix, { row: rest, rows: width, cols: rest });
    const correction = scope.slice(w, { cols: rest });
    const left = scope.zeros([2 * width, rest], dtype);
    const right = scope.zeros([2 * width, rest], dtype);
    scope.write(left, v, 0, 0);
    scope.write(left, correction, width, 0);
    scope.write(right, correction, 0, 0);
    scope.write(right, v, width, 0);
    scope.matmul(left, right, { transposeA: true, alpha: -1, into: matrix, triangle: "lower" });
  }
  return coefficients;
}
