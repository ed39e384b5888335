import type { Activation, Reduction } from "./device.ts";
import type { DeviceDtype } from "./device_array.ts";
import type { RoundingKernels } from "./rounding_kernels.ts";
import type { LatticeKernels } from "./lattice_kernels.ts";
import type { StepKernels } from "./step_kernels.ts";
import type { TrainingKernels } from "./training_kernels.ts";
import type { TrellisKernels } from "./trellis_kernels.ts";

/** The arrays that carry elements between the host and a device; f16 as its raw bits. */
export type HostArray = Float32Array | Float64Array | Uint16Array | Uint32Array | Uint8Array;

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
  /** Written unless it is null: log Σ exp of the scaled scores, `[batch, queries, heads]`. */
  logSumExp: S | null;
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
  /** f32 `[2^bits]`, of up to 4 bits: what codes stand for; `null` if for themselves. */
  levels: S | null;
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
  "attentionGradient",
  "rmsNormGradient",
  "layerNorm",
  "layerNormGradient",
  "activateGradient",
  "gatedActivation",
  "gatedActivationGradient",
  "crossEntropy",
  "crossEntropyGradient",
  "klDivergence",
  "klDivergenceGradient",
  "scatterRows",
  "adamW",
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
export interface Kernels<S>
  extends
    LatticeKernels<S>,
    RoundingKernels<S>,
    StepKernels<S>,
    TrainingKernels<S>,
    TrellisKernels<S> {
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
  /** Ends workers and frees all memory. */
  dispose(): void;
}
