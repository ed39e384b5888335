import type { AnyTensor, Tensor } from "@pare/tensor";
import type { DeviceArray, DeviceDtype } from "./device_array.ts";
import type { FactorizationSteps } from "./factorization_steps.ts";
import type { RoundingSteps } from "./rounding_steps.ts";
import type { LatticeSteps } from "./lattice_steps.ts";
import type { TrainingSteps } from "./training_steps.ts";
import type { TrellisSteps } from "./trellis_steps.ts";

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
  /**
   * Becomes the logarithm of the sum of exponentials of each query's scaled scores, one number for
   * each head, `[…, tokens, heads]`, which the derivative needs; not kept by default.
   */
  logSumExp?: DeviceArray;
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
  /** What codes of up to 4 bits stand for, f32 `[2^bits]`; for themselves by default. */
  readonly levels?: DeviceArray;
  /** The bits of one code, 1 to 8. */
  readonly bits: number;
  /** How many neighbours of a row share a scale; the last group of a row may be shorter. */
  readonly groupSize: number;
  /** The output features. */
  readonly rows: number;
  /** The input features. */
  readonly cols: number;
}

/**
 * Where linear algebra runs.
 *
 * Operations take arrays of this device and return new ones. A device may queue what it has to
 * compute; only `download` waits for it. Nothing but `into`, the targets of `write`, `gram`,
 * `solveBlock`, `rotateRows` and `scatterRows`, the operands of `choleskyBlock`, `tridiagonalPanel`,
 * `householderPanel`, `pivotedPanel` and `secularVectors`, the `logSumExp` of `attention`, the parameter
 * and moments of `adamW`, and the codes of `nearestLattice` and `encodeTrellis` is ever changed; what is
 * changed must not share its elements with an operand, which is not checked.
 *
 * Operations throw a `RangeError` for shapes, blocks and counts that do not fit, mostly a
 * `ShapeError` that tells the shape wanted; and a `TypeError` for an array that was freed, belongs to
 * another device or has a dtype the device cannot do that in. Where not said otherwise, operands are
 * all f32 or all f64. The numbers in arrays are not looked at: an index or position beyond the last
 * one counts as the last one.
 */
export interface Device
  extends FactorizationSteps, LatticeSteps, RoundingSteps, TrainingSteps, TrellisSteps, Disposable {
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

  /** Adds; `b` has the shape of `a`, or is a vector for every row, or one number for all, `[1]`. */
  add(a: DeviceArray, b: DeviceArray): DeviceArray;
  /** Subtracts `b`, of the shape of `a`, a vector for every row, or one number for all. */
  subtract(a: DeviceArray, b: DeviceArray): DeviceArray;
  /** Multiplies element by element; `b` as for `add`. */
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
   * Finds the row of `codebook` `[count, cols]` that is nearest to each row of x `[…, cols]`: u32 `[…]`.
   *
   * The first of several at the same distance; 0 for a row that holds NaN or infinities, which no
   * codeword is near to. Distances are compared as x · c − ‖c‖² / 2, in the dtype of `x`, so that two
   * that differ by less than its roundings may change places.
   */
  nearest(x: DeviceArray, codebook: DeviceArray): DeviceArray;
  /**
   * `x · Wᵀ` for W = scale · (code − zero point), dequantized while it multiplies; where there are
   * levels, W = scale · (levels[code] − zero point).
   *
   * @param x f32 `[…, cols]`.
   * @returns f32 `[…, rows]`.
   */
  affineMatmul(x: DeviceArray, weight: AffineArrays): DeviceArray;
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
