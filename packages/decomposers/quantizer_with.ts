import {
  bindQuantizer,
  type NamedQuantizer,
  QUANTIZERS,
  type QuantizerWith,
} from "@pare/quantizers";

export type { QuantizerWith };

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
  return bindQuantizer(QUANTIZERS, named, defaults);
}
