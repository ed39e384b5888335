// Q4_K of llama.cpp: codes of four bits, scales and minima of six for each 32 weights, and the factors of
// these for each 256.
//
// The format and the way to fit it are those of G. Gerganov, I. Kawrakow et al., "ggml" (k-quants, 2023;
// importance 2024): github.com/ggml-org/llama.cpp, pull requests 1684 and 4861; there is no paper. For each
// block of 32 neighbours a scale s and a minimum m are fitted by weighted least squares, see
// `fitBlock`, with the weights
//
//   u_i = rms(w) + |w_i|                        over the block, or where inputs are known
//   u_i = h_i sqrt(2 mean(w^2) + w_i^2)         over the 256, h_i the mean square of input i
//
// Then, over the eight blocks b of a super-block and likewise for minima,
//
//   d = max s_b / 63    S_b = clamp(round(s_b / d), 0, 63)    ŵ_i = d S_b q_i - dmin M_b
//
// and the codes are made anew: q_i = clamp(round((w_i + dmin M_b) / (d S_b)), 0, 15), 0 where S_b is.
// Departs from the original: the six bits are rounded by d as f16 holds it, d is at least the least positive
// f16 where there is anything to scale, and factors of known inputs are searched by a few candidates.
// Bound: by construction only that of least squares; a test holds it to the error of normal weights.
// Cost: about 21 passes over the weights, 37 with known inputs.

import {
  type MatrixShape,
  type OperatorNode,
  superblock,
  type SuperblockOperator,
} from "@pare/operators";
import {
  boolean,
  type Check,
  checkOptions,
  type Checks,
  roundHalfEven,
  type Tensor,
  tensor,
} from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { type BlockFit, type Deltas, fitBlock } from "./fit_block.ts";
import { clampCode, extremesOf } from "./groups.ts";
import { toSixBits } from "./six_bits.ts";

/** Options of {@linkcode q4k}. */
export interface Q4kOptions {
  /**
   * Whether errors are weighed by the mean square of what each column multiplies, which then must be
   * known.
   *
   * @default {false}
   */
  importance?: boolean;
}

/** One rule per option of {@linkcode q4k}. */
export const Q4K_CHECKS: Checks<Q4kOptions> = {
  importance: boolean(),
} satisfies Record<keyof Q4kOptions, Check>;

const ACTION = "Cannot quantize to Q4_K";

/** Weights of a super-block, those of its blocks, and how many of them there are. */
const [SIZE, BLOCK, BLOCKS] = [256, 32, 8];
/** The largest code. */
const LEVELS = 15;
/** What is tried where inputs are not known, and where they are. */
const PLAIN: Deltas = { first: -1, step: 0.1, count: 21 };
const WEIGHED: Deltas = { first: -0.9, step: 0.05, count: 37 };

/**
 * Quantizes a matrix to the blocks of llama.cpp's Q4_K.
 *
 * @example Four and a half bits, each block of 32 on a grid of its own
 * ```ts
 * import { q4k } from "@pare/quantizers";
 * import { bitsPerWeight, toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const weight = randomNormal([4, 256], { seed: 1 });
 * const operator = q4k(weight, null);
 * assertEquals(bitsPerWeight(operator), 4.5);
 * const restored = toDense(operator).data;
 * assert(weight.data.every((value, i) => Math.abs(value - restored[i]) < 0.35));
 * ```
 *
 * @param weight The weights, `[rows, cols]`, a multiple of 256 columns.
 * @param gram Σ x xᵀ of what the matrix multiplies, of which the diagonal is used, and only where
 * `importance` is asked for; else `null` will do.
 * @param options Whether errors are weighed.
 * @returns The super-blocks.
 * @throws {RangeError} If the columns are no multiple of 256, a weight is not finite, or a factor is too
 * large for f16.
 * @throws {TypeError} If an option is unknown, or `importance` is asked for without `gram`.
 */
export function q4k(
  weight: Tensor,
  gram: Tensor<"f64"> | null,
  options: Q4kOptions = {},
): SuperblockOperator {
  const shape = matrixShapeOf(ACTION, weight);
  resolve(shape, options);
  const [rows, cols] = shape;
  extremesOf(ACTION, weight.data, 0, weight.data.length);
  const importance = options.importance ? diagonalOf(gram, cols) : null;
  const fits: BlockFit[] = [];
  for (let at = 0; at < weight.data.length; at += SIZE) {
    const values = weight.data.subarray(at, at + SIZE);
    const part = importance && importance.subarray(at % cols, at % cols + SIZE);
    for (let b = 0; b < BLOCKS; b++) fits.push(fitInner(values, b, part));
  }
  const weights = importance && Float64Array.from(fits, ({ weight }) => weight);
  const [scales, minima] = (["scale", "minimum"] as const).map((part) => {
    const exact = Float64Array.from(fits, (fit) => fit[part]);
    return toSixBits(ACTION, exact, weights, [rows, cols / BLOCK]);
  });
  return superblock({
    codes: tensor(encode(weight.data, scales.values, minima.values), shape, "u8"),
    scales: scales.integers,
    minima: minima.integers,
    scaleFactors: scales.factors,
    minimumFactors: minima.factors,
  });
}

/**
 * Tells what {@linkcode q4k} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If the columns are no multiple of 256.
 * @throws {TypeError} If an option is unknown.
 */
export function planQ4k(shape: MatrixShape, options: Q4kOptions = {}): OperatorNode {
  resolve(shape, options);
  return { form: "superblock", shape, layout: "q4_k" };
}

function resolve([, cols]: MatrixShape, options: Q4kOptions): void {
  checkOptions(ACTION, options, Q4K_CHECKS);
  if (cols % SIZE !== 0) {
    throw new RangeError(
      `${ACTION} as the number of columns must be a multiple of ${SIZE}: current value is ${cols}`,
    );
  }
}

function diagonalOf(gram: Tensor<"f64"> | null, cols: number): Float64Array {
  if (gram === null) {
    throw new TypeError(`${ACTION} as gram must be known for importance: current value is null`);
  }
  const { shape, data } = gram;
  if (shape.length !== 2 || shape[0] !== cols || shape[1] !== cols) {
    const wanted = `gram must have the shape [${cols}, ${cols}]`;
    throw new RangeError(`${ACTION} as ${wanted}: current shape is [${shape.join(", ")}]`);
  }
  return Float64Array.from({ length: cols }, (_, i) => data[i * (cols + 1)]);
}

/** Fits block b of a super-block. */
function fitInner(values: Float32Array, b: number, importance: Float64Array | null): BlockFit {
  const part = values.subarray(b * BLOCK, (b + 1) * BLOCK);
  if (importance === null) {
    const size = Math.sqrt(meanSquare(part));
    return fitBlock(part, Float64Array.from(part, (w) => size + Math.abs(w)), LEVELS, PLAIN);
  }
  const spread = 2 * meanSquare(values);
  const of = importance.subarray(b * BLOCK, (b + 1) * BLOCK);
  const weights = Float64Array.from(part, (w, i) => of[i] * Math.sqrt(spread + w * w));
  return fitBlock(part, weights, LEVELS, WEIGHED);
}

function meanSquare(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}

/** The codes of all weights by their scales and minima as they are stored. */
function encode(
  data: Float32Array,
  scales: Float64Array,
  minima: Float64Array,
): Uint8Array<ArrayBuffer> {
  const codes = new Uint8Array(data.length);
  for (let b = 0; b < scales.length; b++) {
    const [scale, minimum] = [scales[b], minima[b]];
    if (scale === 0) continue;
    for (let i = b * BLOCK; i < (b + 1) * BLOCK; i++) {
      codes[i] = clampCode(roundHalfEven((data[i] + minimum) / scale), LEVELS);
    }
  }
  return codes;
}
