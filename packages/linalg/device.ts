import type { AnyTensor, Tensor } from "@pare/tensor";

/**
 * The element types that arrays on a device can have.
 *
 * f16 is for storage: weights in half the memory. It can be uploaded, downloaded, cast, reshaped,
 * copied and gathered, and be an operand of `matmul`, which computes in f32.
 */
export type DeviceDtype = "f32" | "f64" | "f16" | "u32" | "u8";

/**
 * An array that lives on a device.
 *
 * It is freed by `using`, by its scope, or by an explicit `array[Symbol.dispose]()`; freeing twice
 * is harmless, using it afterwards is an error.
 */
export interface DeviceArray extends Disposable {
  /** The type of one element. */
  readonly dtype: DeviceDtype;
  /** The length of each dimension; row-major, contiguous. */
  readonly shape: readonly number[];
}

/** Options of {@linkcode Device.upload}. */
export interface UploadOptions {
  /**
   * How the device holds floats: f16 keeps half precision as it is and rounds what is wider, to
   * nearest, ties to even. By default f64 stays f64, and every other float becomes f32.
   */
  dtype?: "f16";
}

/** Options of {@linkcode Device.matmul}. */
export interface MatmulOptions {
  /** Whether `a` is given transposed, `[…, k, m]`. @default {false} */
  transposeA?: boolean;
  /** Whether `b` is given transposed, `[…, n, k]`. @default {false} */
  transposeB?: boolean;
  /** What the product is multiplied with. @default {1} */
  alpha?: number;
  /**
   * A matrix `[rows, cols]` that the product is added to, in place, and that is returned; without
   * it a new array is made. Not together with batches.
   */
  into?: DeviceArray;
  /** The row of `into` that the product's first row is added to. @default {0} */
  row?: number;
  /** The column of `into` that the product's first column is added to. @default {0} */
  col?: number;
  /**
   * Which elements of the product are added to `into`: all, or those on and below the diagonal,
   * column ≤ row, for half the work. The others keep their bits. "lower" only with `into`.
   *
   * @default {"full"}
   */
  triangle?: "full" | "lower";
}

/** Options of {@linkcode Device.solveBlock}. */
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

/** What {@linkcode Device.householderPanel} returns, beside the vectors V. */
export interface HouseholderPanel {
  /** T of the product H_1 H_2 … = I - Vᵀ T V of the reflectors, upper triangular `[count, count]`. */
  readonly t: DeviceArray;
  /** R, upper triangular `[count, count]`: what the product, transposed, makes of the columns. */
  readonly r: DeviceArray;
}

/** What {@linkcode Device.pivotedPanel} returns; what belongs to columns not chosen is undefined. */
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

/** A rectangle of a matrix. */
export interface Block {
  /** The first row. @default {0} */
  row?: number;
  /** The first column. @default {0} */
  col?: number;
  /** How many rows; to the last one by default. */
  rows?: number;
  /** How many columns; to the last one by default. */
  cols?: number;
}

/** What a reduction makes of the numbers of one row or column. */
export type Reduction = "sum" | "absSum" | "squareSum" | "max" | "absMax";

/** The functions applied to every element by {@linkcode Device.activate}. */
export type Activation = "silu" | "gelu" | "geluTanh" | "relu";

/** Options of {@linkcode Device.attention}. */
export interface AttentionOptions {
  /** The query heads. */
  heads: number;
  /** The key and value heads; divides `heads`. @default {heads} */
  kvHeads?: number;
  /** How many rows of the keys and values hold tokens, no fewer than queries; all by default. */
  keyCount?: number;
  /** What the products of queries and keys are multiplied with; 1/√headSize by default. */
  scale?: number;
  /** How many last tokens a query sees, itself included; all earlier ones by default. */
  window?: number;
}

/** Options of {@linkcode Device.hadamard}. */
export interface HadamardOptions {
  /** Whether to undo the transform: Fᵀ instead of F. @default {false} */
  inverse?: boolean;
}

/** The weights of one linear layer as integer codes, on a device. */
export interface AffineArrays {
  /** `u8 [rows, rowBytes]`: each row's codes packed lowest bit first, rowBytes a multiple of 4. */
  readonly codes: DeviceArray;
  /** `f32 [rows, groups]`, or `[1, 1]` for one scale in all. */
  readonly scales: DeviceArray;
  /** Zero points of the shape of `scales`, f32, or a single number for all. */
  readonly zeroPoints: DeviceArray | number;
  /** The bits of one code, 1 to 8. */
  readonly bits: number;
  /** How many neighbours of a row share a scale; the last group of a row may be shorter. */
  readonly groupSize: number;
  /** The output features. */
  readonly rows: number;
  /** The input features. */
  readonly cols: number;
}

/** What {@linkcode Device.arrowheadSvd} returns. */
export interface ArrowheadSvd {
  /** Ascending, `[k]`: value i lies between d[i] and d[i + 1]. */
  readonly values: DeviceArray;
  /** Row i is the left vector of value i, `[k, k]`. */
  readonly left: DeviceArray;
  /** Row i is the right vector of value i, `[k, k]`. */
  readonly right: DeviceArray;
}

/** What {@linkcode Device.bidiagonalPanel} returns, of s = n - first rows and columns. */
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
 * Where linear algebra runs.
 *
 * Operations take arrays of this device and return new ones. A device may queue what it has to
 * compute; only `download` waits for it. Nothing but `into`, the targets of `write`, `gram`,
 * `solveBlock` and `rotateRows`, and the operands of `choleskyBlock`, `tridiagonalPanel`,
 * `householderPanel`, `pivotedPanel` and `secularVectors` is ever changed; what is changed must not
 * share its elements with an operand, which is not checked.
 *
 * Operations throw a `RangeError` for shapes, blocks and counts that do not fit, mostly a
 * `ShapeError` that tells the shape wanted; and a `TypeError` for an array that was freed, belongs to
 * another device or has a dtype the device cannot do that in. Where not said otherwise, operands are
 * all f32 or all f64. The numbers in arrays are not looked at: an index or position beyond the last
 * one counts as the last one.
 */
export interface Device extends Disposable {
  /** The name users choose it by: `reference`, `wasm` or `webgpu`. */
  readonly name: string;
  /** What computes, so far as it decides the last bit: `wasm simd128 relaxed-madd`, for example. */
  readonly description: string;

  /**
   * Tells whether all operations that take arrays of `dtype` do so here.
   *
   * All devices support f32, u32 and u8, and f16 in storage. One that does not support f64 still holds such arrays for
   * the sums of `gram`, as pairs of f32 with 48 bits: it uploads, downloads, casts, reshapes, copies
   * and gathers them, but neither computes with nor transposes them.
   */
  supports(dtype: DeviceDtype): boolean;
  /**
   * Copies numbers to the device; f16, bf16 and 8-bit floats become f32 unless f16 is asked for.
   *
   * @throws {TypeError} If they are integers other than u32 and u8, or truth values; or no floats
   * where f16 is asked for.
   */
  upload(source: AnyTensor, options?: UploadOptions): DeviceArray;
  /** Waits for an array and copies it back, in its dtype. */
  download(array: DeviceArray): Promise<AnyTensor>;
  /** Makes an array of zeros, f32 by default. */
  zeros(shape: readonly number[], dtype?: DeviceDtype): DeviceArray;
  /** The same device, whose arrays are all freed when the scope is; see {@linkcode DeviceScope}. */
  scope(): DeviceScope;
  /**
   * The same elements under another shape of the same size, not a copy: both arrays must be freed,
   * and what is written to one shows in the other.
   */
  reshape(array: DeviceArray, shape: readonly number[]): DeviceArray;
  /**
   * Converts between f32 and f64, or between f32 and f16, rounding to nearest, ties to even; an array
   * that has the dtype is copied.
   */
  cast(array: DeviceArray, dtype: DeviceDtype): DeviceArray;

  /** Copies a rectangle out of a matrix of any dtype. */
  slice(matrix: DeviceArray, block: Block): DeviceArray;
  /** Copies a matrix over a rectangle of `target`, of the same dtype, in place. */
  write(target: DeviceArray, matrix: DeviceArray, row: number, col: number): void;
  /** Swaps rows and columns of a matrix. */
  transpose(matrix: DeviceArray): DeviceArray;
  /**
   * Multiplies `[…, m, k]` by `[…, k, n]`; the leading dimensions are equal, or one of the two is a
   * single matrix that serves the whole batch.
   *
   * Either may be f16: its numbers, exact in f32, are multiplied as those, and the product is f32.
   */
  matmul(a: DeviceArray, b: DeviceArray, options?: MatmulOptions): DeviceArray;
  /** Adds `xᵀ x` of `x`, f32 `[tokens, n]`, to `into`, f64 `[n, n]` (compensated where f64 is missing). */
  gram(x: DeviceArray, into: DeviceArray): void;
  /** Reduces every row of `[…, rows, cols]` to one number: `[…, rows]`. */
  reduceRows(x: DeviceArray, reduction: Reduction): DeviceArray;
  /** Reduces every column of a matrix `[rows, cols]` to one number: `[cols]`. */
  reduceCols(x: DeviceArray, reduction: Reduction): DeviceArray;

  /** Adds; `b` has the shape of `a`, or is a vector that is added to every row. */
  add(a: DeviceArray, b: DeviceArray): DeviceArray;
  /** Subtracts `b`, of the shape of `a` or a vector for every row. */
  subtract(a: DeviceArray, b: DeviceArray): DeviceArray;
  /** Multiplies element by element; `b` has the shape of `a`, or is a vector for every row. */
  multiply(a: DeviceArray, b: DeviceArray): DeviceArray;
  /** Multiplies every element with one number. */
  scale(x: DeviceArray, factor: number): DeviceArray;
  /** Applies a function to every element: SiLU, GELU by the error function or by tanh, ReLU. */
  activate(x: DeviceArray, activation: Activation): DeviceArray;
  /** exp(x − max) / Σ over each row, the last dimension. */
  softmax(x: DeviceArray): DeviceArray;
  /** x · gain / √(mean x² + epsilon) over runs as long as `gain`, which divides the last dimension. */
  rmsNorm(x: DeviceArray, gain: DeviceArray, epsilon: number): DeviceArray;
  /**
   * Rotary position embedding, half against half: in each head of `x`, `[…, tokens, heads·headSize]`,
   * element i is rotated with element i + headSize/2 by the angle of the token's position.
   *
   * @param cos Cosines `[positions, headSize/2]`, row p for position p.
   * @param sin Sines of the same shape.
   * @param positions u32 `[tokens]`: the row of `cos` and `sin` that each token takes, the same for
   * the whole batch; the last row for one beyond it.
   */
  rotary(x: DeviceArray, cos: DeviceArray, sin: DeviceArray, positions: DeviceArray): DeviceArray;
  /**
   * Causal attention with grouped heads.
   *
   * @param q Queries `[tokens, heads·headSize]`, or the same with a batch in front.
   * @param k Keys `[keys, kvHeads·headSize]`, likewise; the last query sees key `keyCount - 1`, the
   * one before it `keyCount - 2`, and so on.
   * @param v Values of the shape of `k`.
   * @returns The shape of `q`.
   */
  attention(
    q: DeviceArray,
    k: DeviceArray,
    v: DeviceArray,
    options: AttentionOptions,
  ): DeviceArray;
  /** Picks rows of a matrix of any dtype by number: u32 `[count]` → `[count, cols]`. */
  gatherRows(matrix: DeviceArray, indices: DeviceArray): DeviceArray;
  /** Picks columns of `[…, cols]` of any dtype by number: u32 `[count]` → `[…, count]`. */
  gatherCols(x: DeviceArray, indices: DeviceArray): DeviceArray;
  /**
   * Orthonormal Hadamard transform F = (G ⊗ S) / √block of consecutive blocks of the last dimension,
   * which `block` divides: a power of two, or one times the order of a small Hadamard matrix G, as
   * `hadamardOrder` splits it.
   *
   * A block is a matrix `[order of G, power of two]`, whose columns vary fastest: its rows are
   * transformed by Walsh and Hadamard, then multiplied by G from the left. F is `hadamardMatrix`,
   * divided by √block; it is symmetric where G is, as for powers of two.
   */
  hadamard(x: DeviceArray, block: number, options?: HadamardOptions): DeviceArray;
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
   * Finds the row of `codebook` `[count, cols]` that is nearest to each row of x `[…, cols]`: u32 `[…]`.
   *
   * The first of several at the same distance; 0 for a row that holds NaN or infinities, which no
   * codeword is near to. Distances are compared as x · c − ‖c‖² / 2, in the dtype of `x`, so that two
   * that differ by less than its roundings may change places.
   */
  nearest(x: DeviceArray, codebook: DeviceArray): DeviceArray;
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
   * `x · Wᵀ` for W = scale · (code − zero point), dequantized while it multiplies.
   *
   * @param x f32 `[…, cols]`.
   * @returns f32 `[…, rows]`.
   */
  affineMatmul(x: DeviceArray, weight: AffineArrays): DeviceArray;

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

/**
 * A device whose arrays live until the scope is disposed.
 *
 * ```ts ignore
 * using scope = device.scope();
 * const h = scope.matmul(x, w);        // freed with the scope
 * return scope.keep(scope.activate(h, "silu"));
 * ```
 */
export interface DeviceScope extends Device {
  /**
   * Takes an array out of this scope: it belongs to the device, or scope, that this one was made of.
   * An array of another scope stays where it is.
   */
  keep<A extends DeviceArray>(array: A): A;
}

/** Downloads an array that is known to be f32. */
export async function downloadF32(device: Device, array: DeviceArray): Promise<Tensor> {
  const tensor = await device.download(array);
  if (tensor.dtype !== "f32") {
    throw new TypeError(
      `Cannot download as the dtype must be f32: current dtype is ${tensor.dtype}`,
    );
  }
  return tensor;
}

/** Downloads an array that is known to be f64. */
export async function downloadF64(device: Device, array: DeviceArray): Promise<Tensor<"f64">> {
  const tensor = await device.download(array);
  if (tensor.dtype !== "f64") {
    throw new TypeError(
      `Cannot download as the dtype must be f64: current dtype is ${tensor.dtype}`,
    );
  }
  return tensor;
}
