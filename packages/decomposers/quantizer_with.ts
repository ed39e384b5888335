import type { Device } from "@pare/linalg";
import type { MatrixShape, Operator, OperatorNode } from "@pare/operators";
import {
  type NamedQuantizer,
  type QuantizerName,
  type QuantizerOptions,
  QUANTIZERS,
} from "@pare/quantizers";
import type { Tensor } from "@pare/tensor";

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

/** What is set for every quantizer that has such an option, unless its own options say otherwise. */
export interface QuantizerDefaults {
  /** Whether the last group of a row may be shorter than the others. */
  readonly partialGroups?: boolean;
  /** What is added to the diagonal of the Gram matrix, as a share of its mean. */
  readonly damping?: number;
}

/** A quantizer by name and options, and by defaults where it has such options. */
export function quantizerWith(
  named: NamedQuantizer,
  defaults: QuantizerDefaults = {},
): QuantizerWith {
  return bound(named, defaults);
}

function bound<Name extends QuantizerName>(
  named: { readonly method: Name; readonly options?: QuantizerOptions[Name] },
  defaults: QuantizerDefaults,
): QuantizerWith {
  const { checks, needsGram, plan, quantize } = QUANTIZERS[named.method];
  const known = Object.entries(defaults).filter(([option]) => Object.hasOwn(checks, option));
  const options = { ...Object.fromEntries(known), ...named.options } as QuantizerOptions[Name];
  return {
    needsGram: needsGram(options),
    plan: (shape) => plan(shape, options),
    quantize: (matrix, gram, device) => quantize(matrix, gram, options, device),
  };
}
