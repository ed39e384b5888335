// Reduction of a square matrix to upper bidiagonal form by blocks of Householder reflectors.
//
// J. Dongarra, D. Sorensen and S. Hammarling, "Block Reduction of Matrices to Condensed Forms for
// Eigenvalue Computations", J. Comput. Appl. Math. 27, 1989, section 4. `Device.bidiagonalPanel` makes
// V, Y, X and W of the next rows and columns; what remains becomes A - V Yᵀ - X Wᵀ.
// Nothing comes back to the host.
// Bound: B = Qᵀ (A + ΔA) P with ‖ΔA‖ <= c n eps ‖A‖. Cost: 8/3 n³, half of it in the panels.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import type { WyBlock } from "./wy_blocks.ts";

/** Rows and columns of a panel. */
const BLOCK = 32;

/** An upper bidiagonal matrix, and the reflectors of A = Q B Pᵀ. */
export interface Bidiagonal {
  /** The diagonal; below it what stands right of each element, last 0: `[2, n]`. */
  readonly band: DeviceArray;
  /** Q, in the order of the product. */
  readonly left: readonly WyBlock[];
  /** P, in the order of the product. */
  readonly right: readonly WyBlock[];
}

/** Reduces a matrix `[n, n]` in place; what it holds afterwards is of no use. */
export function bidiagonalize(
  device: Device,
  dtype: MatrixDtype,
  matrix: DeviceArray,
): Bidiagonal {
  const [n] = matrix.shape;
  const band = device.zeros([2, n], dtype);
  const left: WyBlock[] = [];
  const right: WyBlock[] = [];
  for (let first = 0; first < n; first += BLOCK) {
    using step = device.scope();
    const width = Math.min(BLOCK, n - first);
    const panel = step.bidiagonalPanel(matrix, first, width);
    device.write(band, panel.band, 0, first);
    left.push({ first, v: device.slice(panel.rows, { rows: width }), t: step.keep(panel.left) });
    // The vectors from the right begin one element later; the last row has none.
    if (first + 1 < n) {
      const v = device.slice(panel.cols, { row: width, col: 1 });
      right.push({ first: first + 1, v, t: step.keep(panel.right) });
    }
    if (first + width === n) break;
    const rows = step.slice(panel.rows, { col: width });
    const cols = step.slice(panel.cols, { col: width });
    const [row, col] = [first + width, first + width];
    step.matmul(rows, cols, { transposeA: true, alpha: -1, into: matrix, row, col });
  }
  return { band, left, right };
}
