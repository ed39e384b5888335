// What a device offers for factorizations beside products: the steps that no product can express.
// See docs/decisions/0007-steps-of-factorizations-are-primitives.md.

import type { DeviceArray } from "./device_array.ts";

/** Options of {@linkcode FactorizationSteps.solveBlock}. */
export interface SolveBlockOptions {
  /** Whether the triangle T stands left of the unknowns, T X = B, or right, X T = B. @default {"left"} */
  side?: "left" | "right";
  /** Whether the lower triangle is read, or the upper one. @default {true} */
  lower?: boolean;
  /** Whether to solve with the transposed triangle. @default {false} */
  transpose?: boolean;
  /** Whether the diagonal is taken for ones without being read. @default {false} */
  unitDiagonal?: boolean;
  /** The first row of B in the target. @default {0} */
  row?: number;
  /** The first column of B in the target. @default {0} */
  col?: number;
  /** How many columns B has, or rows where T stands right; to the last one by default. */
  count?: number;
}

/** What {@linkcode FactorizationSteps.householderPanel} returns, beside the vectors V. */
export interface HouseholderPanel {
  /** T of the product H_1 H_2 … = I - Vᵀ T V of the reflectors, upper triangular `[count, count]`. */
  readonly t: DeviceArray;
  /** R, upper triangular `[count, count]`: what the product, transposed, makes of the columns. */
  readonly r: DeviceArray;
}

/** What {@linkcode FactorizationSteps.pivotedPanel} returns; what belongs to columns not chosen is undefined. */
export interface PivotedPanel {
  /** V: row k is the vector of reflector k, with zeros before element k, which is 1; `[width, m - first]`. */
  readonly v: DeviceArray;
  /** T of the product H_1 H_2 … = I - Vᵀ T V of the reflectors, upper triangular `[width, width]`. */
  readonly t: DeviceArray;
  /** F, a row for each column that was not done, `[n - first, width]`. */
  readonly f: DeviceArray;
  /** How many columns were chosen, u32 `[1]`. */
  readonly count: DeviceArray;
}

/** What {@linkcode FactorizationSteps.arrowheadSvd} returns. */
export interface ArrowheadSvd {
  /** Ascending, `[k]`: value i lies between d[i] and d[i + 1]. */
  readonly values: DeviceArray;
  /** Row i is the left vector of value i, `[k, k]`. */
  readonly left: DeviceArray;
  /** Row i is the right vector of value i, `[k, k]`. */
  readonly right: DeviceArray;
}

/** What {@linkcode FactorizationSteps.bidiagonalPanel} returns, of s = n - first rows and columns. */
export interface BidiagonalPanel {
  /** Rows are the vectors v of the reflectors from the left, then the x: `[2 width, s]`. */
  readonly rows: DeviceArray;
  /** Rows are the y, then the vectors w of the reflectors from the right: `[2 width, s]`. */
  readonly cols: DeviceArray;
  /** The diagonal, then what stands right of it, last 0 where nothing does: `[2, width]`. */
  readonly band: DeviceArray;
  /** T of I - V T Vᵀ, the product of the reflectors from the left: `[width, width]`. */
  readonly left: DeviceArray;
  /** T of I - W T Wᵀ. */
  readonly right: DeviceArray;
}

/**
 * The steps of factorizations that a device computes where its arrays are, so that nothing goes to
 * the host and back for a column; the factorizations themselves are functions over a device.
 */
export interface FactorizationSteps {
  /**
   * Takes the Cholesky factor of a block on the diagonal of a square matrix, in place; above the
   * diagonal nothing is read or written.
   *
   * @param matrix The matrix.
   * @param at The first row and column of the block.
   * @param size How many rows it has, 128 at most.
   * @param status Two numbers of the dtype of the matrix, zeros at first. A pivot that is not
   * positive, p of the matrix, makes the first p + 1 and the second the pivot; what a pivot before
   * it made of them stays. The block is then undefined.
   */
  choleskyBlock(matrix: DeviceArray, at: number, size: number, status: DeviceArray): void;
  /**
   * Solves T X = B or X T = B for a small triangle T and a block B of `target`, in place.
   *
   * A zero on the diagonal divides like any other number.
   *
   * @param triangle T, `[n, n]`, n of 128 at most; only the triangle in question is read.
   * @param target Holds B, then X: n rows of it, or n columns where T stands right.
   * @param options Which triangle and which block.
   */
  solveBlock(triangle: DeviceArray, target: DeviceArray, options?: SolveBlockOptions): void;
  /**
   * Finds the Householder reflectors that make a few columns triangular.
   *
   * @param panel `[count, length]`: each row is a column, count of 32 and length at most. It becomes
   * V: row k is v_k, with zeros before element k, which is 1.
   * @returns T and R.
   */
  householderPanel(panel: DeviceArray): HouseholderPanel;
  /**
   * Chooses columns of a matrix for a QR factorization with pivoting, each the longest that is left
   * (of equally long ones that which stood first), swaps them to the front of those that are not done
   * and finds their reflectors. It chooses fewer than `width` columns where norms, which are
   * downdated, have lost half of their digits.
   *
   * @param columns The transposed matrix, `[n, m]`: each row is a column, done up to element `first`.
   * What was chosen becomes columns of R, zeros included. Of what was not, element `first + i` becomes
   * that of R for each column chosen, and all after those stay as they were: -F V is still to be added.
   * @param order u32 `[n]`: which column stands where; it is swapped along.
   * @param first How many columns, and elements of each, are done.
   * @param width How many columns to choose, 32 at most.
   */
  pivotedPanel(
    columns: DeviceArray,
    order: DeviceArray,
    first: number,
    width: number,
  ): PivotedPanel;
  /**
   * Reduces rows of a symmetric matrix A towards its tridiagonal form T = Qᵀ A Q, in place.
   *
   * The first `size` rows and columns of the matrix are not reduced yet, and only their lower
   * triangle is read. Of these, the last `width` rows are reduced, the last one first; row i becomes
   * the vector v of its reflector I - τ v vᵀ, with v[i - 1] = 1 and zeros from element i on, or all
   * zeros where τ = 0. The rows before keep their bits: before they are reduced they have to be
   * brought up to date by A - Vᵀ W - Wᵀ V, with the new rows of the matrix as V. Q is the product of
   * all reflectors, that of the last row first.
   *
   * @param matrix The matrix, `[n, n]`; rows that are reduced hold vectors.
   * @param w Becomes W, `[width, size]`, of at most 64 rows.
   * @param coefficients `[3, n]`: row 0 takes the diagonal of T, row 1 what stands right of it, row 2
   *   the factors τ, each at the place of its row of the matrix.
   */
  tridiagonalPanel(matrix: DeviceArray, w: DeviceArray, coefficients: DeviceArray): void;
  /**
   * Rotates pairs of rows of a matrix in place, one pair after the other: of rows x and y, which
   * differ, x becomes c x + s y, and y becomes c y - s x.
   *
   * @param matrix The matrix.
   * @param pairs The rows x and y of each rotation, u32 `[count, 2]`.
   * @param factors The factors c and s of each rotation, `[count, 2]`.
   */
  rotateRows(matrix: DeviceArray, pairs: DeviceArray, factors: DeviceArray): void;
  /**
   * Singular values and vectors of a broken arrowhead: the matrix with first row `z` and `d` down
   * the rest of its diagonal.
   *
   * @param d f64 `[k]`, ascending from d[0] = 0, no two of them equal or nearly so.
   * @param z f64 `[k]`, none of them zero or nearly so, beside ‖(d, z)‖.
   */
  arrowheadSvd(d: DeviceArray, z: DeviceArray): ArrowheadSvd;
  /**
   * Finds the reflectors that make `width` columns and rows of a square matrix bidiagonal, from
   * element `[first, first]` on. The matrix is left as it is: without V Yᵀ + X Wᵀ it would be what
   * they make of it. A column or row whose rest is below 1e-270, in f32 1e-30, is left alone.
   *
   * @param matrix `[n, n]`, of norm 1 or more.
   * @param width How many, at most 64.
   */
  bidiagonalPanel(matrix: DeviceArray, first: number, width: number): BidiagonalPanel;
  /**
   * Takes the eigenvalues and eigenvectors of D + ρ z zᵀ, D diagonal, on a device that supports f64.
   *
   * Vectors may have their elements in an order of their own. Rows of `numbers`, f64 `[10, count]`:
   *
   * - 0, 1: the diagonal, ascending and no two alike, and z, none of them zero.
   * - 2, 3: both in the order of the elements of vectors; row 3 is overwritten.
   * - 4, 5: a first and a last row of the basis that D stands in, in this order.
   * - 6, 7: become what adds up to the eigenvalues, ascending: an element of D and the difference.
   * - 8, 9: become the first and the last row of the basis of the vectors.
   *
   * @param numbers What is known and what is asked for.
   * @param rho ρ, positive.
   * @param vectors `[count, upper + lower]`; row i becomes the first `upper` elements of vector i, and
   *   behind them its last ones.
   * @param upper How many of the first elements are asked for.
   */
  secularVectors(numbers: DeviceArray, rho: number, vectors: DeviceArray, upper: number): void;
}
