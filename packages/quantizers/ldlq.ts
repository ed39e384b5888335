// LDLQ: any quantizer of columns or blocks of columns, each making up for the errors of those before it.
//
// J. Chee, Y. Cai, V. Kuleshov and C. De Sa, "QuIP: 2-Bit Quantization of Large Language Models With
// Guarantees", 2023, arXiv:2307.13304, section 3; by blocks of codewords A. Tseng et al., "QuIP#", 2024,
// arXiv:2402.04396, section 4. The formulas, the order of work and its cost are in
// feedback_rounding.ts, damping in hessian.ts and feedback_factors.ts.
//
// Departs from the papers: a block's codeword is told by D_kk, and two passes of refinement take a new
// codeword only where H_kk tells that it is nearer; by Euclidean distance, as QuIP# refines, the loss may
// rise. Panels may be short, and blocks, so that every width works.
// Bound: each η_k is that of the quantizer on U_k, and tr(E H Eᵀ) = Σ tr(η_k D_kk η_kᵀ). For errors that
// do not correlate that is tr(D) / tr(H) times the loss of rounding to nearest.

import type { Device } from "@pare/linalg";
import type { MatrixShape, Operator, OperatorNode } from "@pare/operators";
import { boolean, type Check, checkOptions, type Checks, oneOf, type Tensor } from "@pare/tensor";
import { checkGram, type GramSource } from "./check_gram.ts";
import { matrixShapeOf } from "./check_weight.ts";
import {
  activationOrder,
  ascendingOrder,
  type ColumnOrder,
  descendingOrder,
} from "./column_order.ts";
import {
  COLUMN_QUANTIZERS,
  type ColumnQuantizerOptions,
  type NamedColumnQuantizer,
} from "./column_quantizers.ts";
import {
  FEEDBACK_CHECKS,
  type FeedbackContext,
  type FeedbackOptions,
  quantizeWithFeedback,
} from "./feedback_options.ts";
import { namedOptions } from "./named_options.ts";
import type { NamedOptionsOf } from "./plain_quantizers.ts";

/** Options of {@linkcode ldlq}. */
export interface LdlqOptions extends FeedbackOptions {
  /**
   * What rounds the columns.
   *
   * @default {{ method: "rtn" }}
   */
  quantizer?: NamedColumnQuantizer;
  /**
   * Which columns are rounded first: the last ones, the first ones, or those whose channels have the
   * most energy. A quantizer of blocks keeps them together.
   *
   * @default {"descending"}
   */
  order?: "descending" | "ascending" | "activation";
  /**
   * Whether a quantizer of blocks is told which codeword costs least, instead of which is nearest; to
   * one of single columns that is the same.
   *
   * @default {true}
   */
  metric?: boolean;
}

/** One rule per option of {@linkcode ldlq}. */
export const LDLQ_CHECKS: Checks<LdlqOptions> = {
  quantizer: namedOptions(COLUMN_QUANTIZERS),
  order: oneOf("descending", "ascending", "activation"),
  metric: boolean(),
  ...FEEDBACK_CHECKS,
} satisfies Record<keyof LdlqOptions, Check>;

const ACTION = "Cannot quantize by LDLQ";

/**
 * Quantizes a matrix column by column, or block by block, each of which makes up for the errors of those
 * before it as far as the inputs correlate.
 *
 * @example Two inputs that are nearly the same
 * ```ts
 * import { ldlq } from "@pare/quantizers";
 * import { toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * // Levels are whole numbers, as the row from -8 to 7 in 4 bits has it; 0.4 would be rounded to 0 twice.
 * const weight = tensor(Float32Array.of(0.4, 0.4, -8, 7), [1, 4]);
 * const gram = tensor(Float64Array.of(1, 0.9, 0, 0, 0.9, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1), [4, 4]);
 * const options = { bits: 4, granularity: "row" } as const;
 * const operator = await ldlq(weight, gram, { quantizer: { method: "rtn", options } });
 * assertEquals(toDense(operator).data, Float32Array.of(1, 0, -8, 7));
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param statistics What calibration saw at the layer's input, or its Gram matrix Σ x xᵀ alone.
 * @param options What rounds, in which order, damping and refinement; the device.
 * @returns What the quantizer stores.
 * @throws {RangeError} If an option is out of range or does not fit the shape, the Gram matrix is of
 * another width or not positive semidefinite, or a number is not finite or too large for its dtype.
 * @throws {TypeError} If an option is unknown, or there are no statistics.
 */
export async function ldlq(
  weight: Tensor,
  statistics: GramSource | null,
  options: LdlqOptions & FeedbackContext = {},
): Promise<Operator> {
  const { device, onDamping, ...rest } = options;
  checkOptions(ACTION, rest, LDLQ_CHECKS);
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const gram = checkGram(ACTION, cols, statistics);
  const { blockSize, begin } = resolve([rows, cols], rest);
  return await quantizeWithFeedback(
    {
      weight,
      gram,
      blockSize,
      isMetric: (rest.metric ?? true) && blockSize > 1,
      order: orderOf(gram, blockSize, rest),
      begin: (device) => begin(weight, device),
    },
    rest,
    { device, onDamping },
  );
}

/**
 * Tells what {@linkcode ldlq} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function planLdlq(shape: MatrixShape, options: LdlqOptions = {}): OperatorNode {
  checkOptions(ACTION, options, LDLQ_CHECKS);
  return resolve(shape, options).node;
}

function resolve(shape: MatrixShape, { quantizer, order = "descending" }: LdlqOptions) {
  const bound = boundQuantizer(quantizer ?? { method: "rtn" }, shape);
  const [, cols] = shape;
  const { blockSize } = bound;
  if (order !== "descending" && cols % blockSize !== 0) {
    throw new RangeError(
      `${ACTION} as order must be "descending" where blocks of ${blockSize} do not divide the ${cols} ` +
        `columns: current value is ${order}`,
    );
  }
  return bound;
}

/** A quantizer with its options, for a shape. */
function boundQuantizer<Name extends keyof ColumnQuantizerOptions>(
  { method, options }: NamedOptionsOf<ColumnQuantizerOptions, Name>,
  shape: MatrixShape,
) {
  const { plan, blockSize, begin } = COLUMN_QUANTIZERS[method];
  const given = { ...options } as ColumnQuantizerOptions[Name];
  return {
    node: plan(shape, given),
    blockSize: blockSize(given, shape),
    begin: (weight: Tensor, device: Device) => begin(weight, given, device),
  };
}

function orderOf(gram: Tensor<"f64">, blockSize: number, { order }: LdlqOptions): ColumnOrder {
  const [cols] = gram.shape;
  switch (order) {
    case "ascending":
      return ascendingOrder(cols, blockSize);
    case "activation":
      return activationOrder(cols, blockSize, (column) => gram.data[column * (cols + 1)]);
    default:
      return descendingOrder(cols);
  }
}
