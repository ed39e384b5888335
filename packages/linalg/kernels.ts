import type { Activation, DeviceDtype, Reduction } from "./device.ts";

/** The arrays that carry elements between the host and a device; f16 as its raw bits. */
export type HostArray = Float32Array | Float64Array | Uint16Array | Uint32Array | Uint8Array;

/** How many rows and columns blocks on the diagonal may have that are factorized or solved with. */
export const MAX_BLOCK = 128;

/** How many columns a panel of Householder reflectors may have. */
export const MAX_PANEL = 32;

/** What a backend's matrix product is given: `c = alpha·op(a)·op(b) (+ c)`. */
export interface MatmulParams<S> {
  /** The left operand. */
  a: S;
  /** The right operand. */
  b: S;
  /** What is written. */
  c: S;
  /** Of `c`, and what is computed in. */
  dtype: "f32" | "f64";
  /** Of `a`: that of `c`, or f16 where that is f32. */
  dtypeA: "f32" | "f64" | "f16";
  /** Of `b`, likewise. */
  dtypeB: "f32" | "f64" | "f16";
  /** Rows of the product. */
  m: number;
  /** Columns of the product. */
  n: number;
  /** The inner dimension. */
  k: number;
  /** How many products; operand i starts at i times its stride. */
  batch: number;
  /** Elements from one left operand to the next; 0 for one that serves all. */
  strideA: number;
  /** Elements from one right operand to the next; 0 for one that serves all. */
  strideB: number;
  /** Elements from one product to the next. */
  strideC: number;
  /** Whether `a` is `[k, m]`. */
  transposeA: boolean;
  /** Whether `b` is `[n, k]`. */
  transposeB: boolean;
  /** What the product is multiplied with. */
  alpha: number;
  /** Whether the product is added to what `c` holds. */
  accumulate: boolean;
  /** The first element of `c` that is written. */
  offsetC: number;
  /** The elements from one row of `c` to the next. */
  leadC: number;
  /** Whether only elements with column ≤ row, counted from `offsetC`, are written; never in batches. */
  lower: boolean;
}

/** What a backend's causal attention is given. */
export interface AttentionParams<S> {
  /** Queries `[batch, queries, heads, headSize]`. */
  q: S;
  /** Keys `[batch, keyRows, kvHeads, headSize]`. */
  k: S;
  /** Values of the shape of `k`. */
  v: S;
  /** What is written, of the shape of `q`. */
  out: S;
  /** Of all four. */
  dtype: "f32" | "f64";
  /** Sequences. */
  batch: number;
  /** Query tokens. */
  queries: number;
  /** Key tokens that count. */
  keys: number;
  /** Rows that each batch entry of k and v has room for. */
  keyRows: number;
  /** Query heads. */
  heads: number;
  /** Key and value heads. */
  kvHeads: number;
  /** Elements of a head. */
  headSize: number;
  /** What scores are multiplied with. */
  scale: number;
  /** How many last keys a query sees. */
  window: number;
}

/** What a backend's dequantizing product is given. */
export interface AffineMatmulParams<S> {
  /** f32 `[tokens, cols]`. */
  x: S;
  /** u8 `[rows, rowBytes]`. */
  codes: S;
  /** f32: `rows · groups` of them, or one. */
  scales: S;
  /** f32, as many as scales, or one number for all. */
  zeroPoints: S | number;
  /** f32 `[tokens, rows]`. */
  out: S;
  /** Rows of `x`. */
  tokens: number;
  /** Output features. */
  rows: number;
  /** Input features. */
  cols: number;
  /** Bits of one code. */
  bits: number;
  /** Neighbours of a row that share a scale; the last group may be shorter. */
  groupSize: number;
  /** Groups in a row; 0 if there is one scale in all. */
  groups: number;
  /** Bytes of one row of codes, a multiple of 4. */
  rowBytes: number;
}

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

/**
 * The operations that a backend may do in f64; but for `arrowheadSvd` and `secularVectors` all are
 * there in f32.
 */
export const KERNEL_NAMES = [
  "matmul",
  "transpose",
  "reduce",
  "binary",
  "scale",
  "activate",
  "softmax",
  "rmsNorm",
  "rotary",
  "attention",
  "gather",
  "hadamard",
  "choleskyBlock",
  "solveBlock",
  "tridiagonalPanel",
  "rotateRows",
  "arrowheadSvd",
  "bidiagonalPanel",
  "householderPanel",
  "nearest",
  "secularVectors",
  "pivotedPanel",
] as const;

/** One of {@linkcode KERNEL_NAMES}. */
export type KernelName = typeof KERNEL_NAMES[number];

/**
 * What a backend has to offer so that {@linkcode createDevice} can make a device of it.
 *
 * Every check of shapes and dtypes has been made before a kernel is called, and nothing has zero
 * elements. Indices and positions are not checked: kernels take the last one for any beyond it. No
 * storage is both read and written (but for `c` when accumulating, and where a caller hands one array
 * over as operand and target, whose outcome is undefined). `S` is a storage: a flat run of elements
 * in the backend's memory. Kernels may queue their work; only `download` waits for it.
 */
export interface Kernels<S> {
  /** The name users choose the device by. */
  readonly name: string;
  /** What computes, so far as it decides the last bit. */
  readonly description: string;
  /** The dtypes that arrays can have. */
  readonly dtypes: readonly DeviceDtype[];
  /** The operations that run in f64. `gram` adds to f64 wherever `dtypes` has it. */
  readonly doubles: ReadonlySet<KernelName>;
  /** Makes a storage whose contents are undefined. */
  allocate(dtype: DeviceDtype, length: number): S;
  /** Gives a storage back. */
  free(storage: S): void;
  /** Copies all elements in. */
  upload(storage: S, dtype: DeviceDtype, data: HostArray): void;
  /** Copies all elements out, into an array of its own. */
  download(storage: S, dtype: DeviceDtype, length: number): Promise<HostArray>;
  /** Sets all elements to zero. */
  clear(storage: S, dtype: DeviceDtype, length: number): void;
  /** Copies `rows` runs of `cols` elements. */
  copyBlock(p: {
    source: S;
    sourceOffset: number;
    sourceLead: number;
    target: S;
    targetOffset: number;
    targetLead: number;
    rows: number;
    cols: number;
    dtype: DeviceDtype;
  }): void;
  /** Converts from f32 to f64 or f16, or back; never called unless `dtypes` has both. */
  cast(p: { x: S; from: DeviceDtype; out: S; to: DeviceDtype; length: number }): void;
  /** Swaps rows and columns. */
  transpose(p: { x: S; out: S; dtype: "f32" | "f64"; rows: number; cols: number }): void;
  /** Multiplies matrices. */
  matmul(p: MatmulParams<S>): void;
  /** `into += xᵀ x`, x f32 `[rows, cols]`, into f64 `[cols, cols]`. */
  gram(p: { x: S; into: S; rows: number; cols: number }): void;
  /** Along "rows": one number per row; along "cols": one per column. */
  reduce(p: {
    x: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    along: "rows" | "cols";
    reduction: Reduction;
  }): void;
  /** `out[i] = a[i] op b[i mod period]`. */
  binary(p: {
    a: S;
    b: S;
    out: S;
    dtype: "f32" | "f64";
    length: number;
    period: number;
    operation: "add" | "subtract" | "multiply";
  }): void;
  /** `out = factor · x`. */
  scale(p: { x: S; out: S; dtype: "f32" | "f64"; length: number; factor: number }): void;
  /** Applies a function to every element. */
  activate(
    p: { x: S; out: S; dtype: "f32" | "f64"; length: number; activation: Activation },
  ): void;
  /** Softmax of each row. */
  softmax(p: { x: S; out: S; dtype: "f32" | "f64"; rows: number; cols: number }): void;
  /** `out = x · gain / √(mean x² + epsilon)` of each row. */
  rmsNorm(p: {
    x: S;
    gain: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    epsilon: number;
  }): void;
  /** `positions` u32 `[tokens]`; x and out `[batch, tokens, heads, headSize]`. */
  rotary(p: {
    x: S;
    cos: S;
    sin: S;
    positions: S;
    out: S;
    dtype: "f32" | "f64";
    batch: number;
    tokens: number;
    heads: number;
    headSize: number;
    /** Rows of cos and sin. */
    positionCount: number;
  }): void;
  /** Causal attention. */
  attention(p: AttentionParams<S>): void;
  /** `out[i, j] = x[indices[i], j]` along "rows", `out[i, j] = x[i, indices[j]]` along "cols". */
  gather(p: {
    x: S;
    indices: S;
    out: S;
    dtype: DeviceDtype;
    rows: number;
    cols: number;
    count: number;
    along: "rows" | "cols";
  }): void;
  /** Orthonormal Hadamard transform of each run of `block` elements. */
  hadamard(p: {
    x: S;
    out: S;
    dtype: "f32" | "f64";
    length: number;
    block: number;
    /** The order of the dense factor; `block` is a power of two of it. 1 for none. */
    order: number;
    /** u32 `[order, ⌈order / 32⌉]`, a set bit for each entry that is negative, lowest bit first. */
    signs: S | null;
  }): void;
  /**
   * The index of the nearest row of `codebook` `[count, cols]` to each row of x, u32 `[rows]`: the first
   * of several; 0 where no score is finite. NaN is never near.
   */
  nearest(p: {
    x: S;
    codebook: S;
    out: S;
    dtype: "f32" | "f64";
    rows: number;
    cols: number;
    count: number;
  }): void;
  /** `x · Wᵀ`, W dequantized while it multiplies. */
  affineMatmul(p: AffineMatmulParams<S>): void;
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
  /**
   * Reflectors that make `count` columns of `length` elements triangular; a column is a row of x.
   * Vectors take the place of x, with a one at element k of row k and zeros before it; t and r
   * `[count, count]` are upper triangular, zeros included.
   */
  householderPanel(
    p: { x: S; t: S; r: S; dtype: "f32" | "f64"; count: number; length: number },
  ): void;
  /** Eigenvectors of D + ρ z zᵀ, found in f64. */
  secularVectors(p: SecularVectorsParams<S>): void;
  /**
   * Chooses columns for a QR factorization, each the longest that is left, and swaps them to where
   * they belong. Fewer than `width` if a norm has lost half of its digits to downdating.
   */
  pivotedPanel(p: PivotedPanelParams<S>): void;
  /** Ends workers and frees all memory. */
  dispose(): void;
}
