// What a backend computes for factorizations: the kernels of `factorization_steps.ts`.

/** How many rows and columns blocks on the diagonal may have that are factorized or solved with. */
export const MAX_BLOCK = 128;

/** How many columns a panel of Householder reflectors may have. */
export const MAX_PANEL = 32;

/** What a backend is given to solve many systems with one triangle: `Σ_k T[j, k] x_k = b_j`. */
export interface SolveBlockParams<S> {
  /** `[n, n]`; T, or where `isTransposed` its transpose. */
  triangle: S;
  /** Holds right-hand side j of system i at `offset + i·systemStep + j·unknownStep`, then the unknown. */
  x: S;
  /** Of both. */
  dtype: "f32" | "f64";
  /** Unknowns of a system, at most {@linkcode MAX_BLOCK}. */
  n: number;
  /** Systems. */
  count: number;
  /** Where the first system begins. */
  offset: number;
  /** Elements from one system to the next. */
  systemStep: number;
  /** Elements from one unknown to the next. */
  unknownStep: number;
  /** Whether T[j, k] is element [k, j] of `triangle`. */
  isTransposed: boolean;
  /** Whether T is upper triangular, so that the last unknown is found first. */
  isBackward: boolean;
  /** Whether the diagonal is taken for ones. */
  isUnit: boolean;
}

/** What a backend's panel of the reduction to tridiagonal form is given. */
export interface TridiagonalPanelParams<S> {
  /** `[n, n]`; the lower triangle of its first `size` rows and columns is read. */
  matrix: S;
  /** `[width, size]`, written. */
  w: S;
  /** `[3, n]`: the diagonal, what stands beside it, and the factors of the reflectors. */
  coefficients: S;
  /** Of all three. */
  dtype: "f32" | "f64";
  /** Rows and columns of the matrix. */
  n: number;
  /** How many rows are not reduced yet. */
  size: number;
  /** How many of them are to be, the last one first; 64 at most. */
  width: number;
}

/** What a backend's panel of the reduction to bidiagonal form is given; s is `size - first`. */
export interface BidiagonalPanelParams<S> {
  /** `[size, size]`, only read. */
  a: S;
  /** Of all. */
  dtype: "f32" | "f64";
  /** Rows and columns of `a`. */
  size: number;
  /** The first row and column that is reduced. */
  first: number;
  /** How many are; 64 at most. */
  width: number;
  /** Takes the vectors v, then x, one a row: `[2 width, s]`. */
  rows: S;
  /** Takes the vectors y, then w, one a row: `[2 width, s]`. */
  cols: S;
  /** Takes the diagonal, then what stands right of it: `[2, width]`. */
  band: S;
  /** Takes the triangle of the reflectors from the left: `[width, width]`. */
  left: S;
  /** Takes that of those from the right. */
  right: S;
}

/** What a backend is given to take the eigenvectors of D + ρ z zᵀ. */
export interface SecularVectorsParams<S> {
  /** f64 `[10, count]`; rows as `Device.secularVectors` has them. */
  numbers: S;
  /** Written, `[count, upper + lower]`. */
  vectors: S;
  /** Of the vectors. */
  dtype: "f32" | "f64";
  /** ρ, positive. */
  rho: number;
  /** How many poles, roots and vectors there are. */
  count: number;
  /** How many of the first elements of a vector are written to its first columns. */
  upper: number;
  /** How many of its last elements are written behind them. */
  lower: number;
}

/** What a backend's panel of a QR factorization with column pivoting is given. */
export interface PivotedPanelParams<S> {
  /** The transposed matrix, `[n, m]`: a row is a column, and is not yet done from `first` on. */
  x: S;
  /** u32 `[n]`: which column of the matrix stands where. */
  order: S;
  /** Vectors of the reflectors, `[width, m - first]`, written. */
  v: S;
  /** T of their product, `[width, width]`, written. */
  t: S;
  /** F, `[n - first, width]`, written: what is left of the matrix is x - F V. */
  f: S;
  /** u32 `[1]`, written: how many columns were chosen. */
  count: S;
  /** Of x, v, t and f. */
  dtype: "f32" | "f64";
  /** Columns of the matrix. */
  n: number;
  /** Rows of the matrix. */
  m: number;
  /** Columns, and rows, that are done. */
  first: number;
  /** How many columns to choose, {@linkcode MAX_PANEL} at most. */
  width: number;
}

/** The kernels of the steps of factorizations; what holds for {@linkcode Kernels} holds for them. */
export interface StepKernels<S> {
  /**
   * Cholesky factor of the block `[at, at]` to `[at + size, at + size]` of a matrix with rows of
   * `lead` elements, in place; above the diagonal nothing is read or written. `status` holds two
   * numbers, the first of them 0: a pivot that is not positive, p of the matrix, makes it p + 1 and
   * the second one the pivot, unless one was found before, and leaves the block undefined.
   */
  choleskyBlock(
    p: { x: S; dtype: "f32" | "f64"; lead: number; at: number; size: number; status: S },
  ): void;
  /** Solves many systems with one triangle, in place. */
  solveBlock(p: SolveBlockParams<S>): void;
  /**
   * Reflectors that make `count` columns of `length` elements triangular; a column is a row of x.
   * Vectors take the place of x, with a one at element k of row k and zeros before it; t and r
   * `[count, count]` are upper triangular, zeros included.
   */
  householderPanel(
    p: { x: S; t: S; r: S; dtype: "f32" | "f64"; count: number; length: number },
  ): void;
  /**
   * Chooses columns for a QR factorization, each the longest that is left, and swaps them to where
   * they belong. Fewer than `width` if a norm has lost half of its digits to downdating.
   */
  pivotedPanel(p: PivotedPanelParams<S>): void;
  /** Reduces rows of a symmetric matrix towards tridiagonal form. */
  tridiagonalPanel(p: TridiagonalPanelParams<S>): void;
  /** Rotates pairs of rows in place, one after the other; `pairs` u32 and `factors` `[count, 2]`. */
  rotateRows(p: {
    matrix: S;
    pairs: S;
    factors: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    count: number;
  }): void;
  /** Singular values and vectors of a broken arrowhead, all f64: `z` and `d` of `count` elements. */
  arrowheadSvd(p: { d: S; z: S; values: S; left: S; right: S; count: number }): void;
  /** Reduces rows and columns of a square matrix to bidiagonal form. */
  bidiagonalPanel(p: BidiagonalPanelParams<S>): void;
  /** Eigenvectors of D + ρ z zᵀ, found in f64. */
  secularVectors(p: SecularVectorsParams<S>): void;
}
