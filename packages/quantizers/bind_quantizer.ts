import type { Device } from "@pare/linalg";
import type { MatrixShape, Operator, OperatorNode } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { NamedOptionsOf, Quantizer } from "./plain_quantizers.ts";

/** A quantizer with all of its options. */
export interface QuantizerWith {
  /** Whether it weighs errors by the Gram matrix of what the matrix multiplies. */
  readonly needsGram: boolean;
  /** What it will return; throws for a shape that does not fit. */
  plan(shape: MatrixShape): OperatorNode;
  /** Quantizes a matrix; `gram` is of what it multiplies, `null` where none is known or needed. */
  quantize(
    matrix: Tensor,
    gram: Tensor<"f64"> | null,
    device: Device,
  ): Operator | Promise<Operator>;
}

/**
 * Takes a quantizer and its options together.
 *
 * @example Round-to-nearest of three bits
 * ```ts
 * import { bindQuantizer, QUANTIZERS } from "@pare/quantizers";
 * import { byteLengthOf } from "@pare/operators";
 * import { assertEquals } from "@std/assert";
 *
 * const named = { method: "rtn", options: { bits: 3, symmetric: true } } as const;
 * const quantizer = bindQuantizer(QUANTIZERS, named);
 * assertEquals(quantizer.needsGram, false);
 * assertEquals(byteLengthOf(quantizer.plan([8, 64])), 8 * (64 * 3 / 8 + 2));
 * ```
 *
 * @param quantizers The quantizers by name.
 * @param named Which of them, with which options.
 * @param defaults What holds for every quantizer that has such options and says nothing of them.
 * @returns The quantizer, which takes no options any more.
 */
export function bindQuantizer<
  Table extends { readonly [Key in keyof Table]: object },
  Name extends keyof Table,
>(
  quantizers: { readonly [Key in keyof Table]: Quantizer<Table[Key]> },
  named: NamedOptionsOf<Table, Name>,
  defaults: object = {},
): QuantizerWith {
  const { checks, needsGram, plan, quantize } = quantizers[named.method];
  const known = Object.entries(defaults).filter(([option]) => Object.hasOwn(checks, option));
  const options = { ...Object.fromEntries(known), ...named.options } as Table[Name];
  return {
    needsGram: needsGram(options),
    plan: (shape) => plan(shape, options),
    quantize: (matrix, gram, device) => quantize(matrix, gram, options, device),
  };
}
