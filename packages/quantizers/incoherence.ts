// Incoherence processing: a matrix is quantized in a random basis, where no weight stands out.
//
// J. Chee, Y. Cai, V. Kuleshov and C. De Sa, "QuIP: 2-Bit Quantization of Large Language Models With
// Guarantees", 2023, arXiv:2307.13304, section 4; by Hadamard transforms as A. Tseng et al., "QuIP#",
// 2024, arXiv:2402.04396, section 3. With U and V of `hadamardRotation`:
//
//   W_r = U W Vᵀ    G_r = V G Vᵀ    Ŵ = Uᵀ Ŵ_r V, Ŵ_r what another quantizer makes of W_r and G_r
//
// tr(E G Eᵀ) is the same in both bases, so that nothing else of the other quantizer changes; the
// weights that it sees are close to normal ones of one size. At inference x is turned, and not W.
//
// Departs from the papers: every width works, one without a Hadamard matrix of its own in blocks of
// its divisors; a side whose only block is 1, an odd width, is left alone. Stored are the signs, a bit
// for each row and column.
// Bound: that of the other quantizer, on W_r. Cost: m n (log m + log n) + n² log n sums, and one dense
// factor K for each side: (m + n) n K.

import { type Device, withDevice } from "@pare/linalg";
import {
  type MatrixShape,
  type OperatorNode,
  rotate,
  rotated,
  type RotatedOperator,
  rotateGram,
} from "@pare/operators";
import { type Check, checkOptions, type Checks, integer, oneOf, type Tensor } from "@pare/tensor";
import { matrixShapeOf } from "./check_weight.ts";
import { hadamardSides, type HadamardSidesOptions, planHadamardSides } from "./hadamard_sides.ts";
import { checkGram, type GramSource } from "./check_gram.ts";
import { bindQuantizer, type QuantizerWith } from "./bind_quantizer.ts";
import { namedOptions } from "./named_options.ts";
import {
  type NamedOptions,
  PLAIN_QUANTIZERS,
  type PlainQuantizerOptions,
} from "./plain_quantizers.ts";

/** Options of {@linkcode incoherence}. */
export interface IncoherenceOptions extends HadamardSidesOptions {
  /**
   * The quantizer of the rotated matrix: any but this one.
   *
   * @default {{ method: "rtn" }}
   */
  quantizer?: NamedOptions<PlainQuantizerOptions>;
}

/** One rule per option of {@linkcode incoherence}. */
export const INCOHERENCE_CHECKS: Checks<IncoherenceOptions> = {
  quantizer: namedOptions(PLAIN_QUANTIZERS),
  seed: integer(0),
  sides: oneOf("both", "input", "output"),
} satisfies Record<keyof IncoherenceOptions, Check>;

const ACTION = "Cannot quantize in a random basis";

/**
 * Quantizes a matrix in a random basis.
 *
 * @example An outlier costs its row and its column little
 * ```ts
 * import { incoherence, rtn } from "@pare/quantizers";
 * import { toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const weight = randomNormal([64, 64], { seed: 1 });
 * weight.data[0] = 100;
 * const options = { bits: 3, granularity: "tensor" } as const;
 * const turned = await incoherence(weight, null, { quantizer: { method: "rtn", options } });
 * const errorOf = (restored: Float32Array) =>
 *   weight.data.reduce((sum, value, i) => sum + (value - restored[i]) ** 2, 0);
 * assert(errorOf(toDense(turned).data) < errorOf(toDense(rtn(weight, options)).data) / 5);
 * ```
 *
 * @param weight The weights, `[rows, cols]`.
 * @param statistics What calibration saw at the layer's input, or its Gram matrix Σ x xᵀ alone; `null`
 * where nothing is known, for quantizers that do not weigh errors by it.
 * @param options The quantizer, the seed and the sides, and the device.
 * @returns What the quantizer makes of the rotated matrix, with the rotations.
 * @throws {RangeError} If an option is out of range or does not fit the shape, the Gram matrix is of
 * another width, or a number is not finite.
 * @throws {TypeError} If an option is unknown, or the quantizer needs a Gram matrix and has none.
 */
export async function incoherence(
  weight: Tensor,
  statistics: GramSource | null,
  options: IncoherenceOptions & { device?: Device } = {},
): Promise<RotatedOperator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, INCOHERENCE_CHECKS);
  const [rows, cols] = matrixShapeOf(ACTION, weight);
  const quantizer = quantizerOf(rest);
  const gram = quantizer.needsGram ? checkGram(ACTION, cols, statistics) : null;
  const sides = hadamardSides([rows, cols], rest);
  quantizer.plan([rows, cols]);
  return await withDevice(device, async (device) => {
    const turned = await rotate(weight, sides, { device });
    const { right } = sides;
    const turnedGram = gram && right ? await rotateGram(gram, right, { device }) : gram;
    return rotated(await quantizer.quantize(turned, turnedGram, device), sides);
  });
}

/**
 * Tells what {@linkcode incoherence} returns for a matrix of the given shape.
 *
 * @param shape `[rows, cols]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function planIncoherence(
  shape: MatrixShape,
  options: IncoherenceOptions = {},
): OperatorNode {
  checkOptions(ACTION, options, INCOHERENCE_CHECKS);
  return {
    form: "rotated",
    inner: quantizerOf(options).plan(shape),
    ...planHadamardSides(shape, options),
  };
}

/**
 * Whether the quantizer that the options name weighs errors by the Gram matrix.
 *
 * @param options The options of {@linkcode incoherence}.
 * @returns Whether it does.
 */
export function incoherenceNeedsGram(options: IncoherenceOptions): boolean {
  return quantizerOf(options).needsGram;
}

function quantizerOf({ quantizer = { method: "rtn" } }: IncoherenceOptions): QuantizerWith {
  return bindQuantizer(PLAIN_QUANTIZERS, quantizer);
}
