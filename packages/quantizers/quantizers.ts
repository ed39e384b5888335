// The quantizers by name, for methods that leave to their user by which one a matrix is stored.

import {
  incoherence,
  INCOHERENCE_CHECKS,
  incoherenceNeedsGram,
  type IncoherenceOptions,
  planIncoherence,
} from "./incoherence.ts";
import {
  type NamedOptions,
  PLAIN_QUANTIZERS,
  type PlainQuantizerOptions,
  type Quantizer,
} from "./plain_quantizers.ts";

/** The options of each quantizer. */
export interface QuantizerOptions extends PlainQuantizerOptions {
  /** Any of the others, in a random basis. */
  incoherence: IncoherenceOptions;
}

/** A quantizer by name. */
export type QuantizerName = keyof QuantizerOptions;

/** A quantizer, any of those there are, with its options. */
export type NamedQuantizer = NamedOptions<QuantizerOptions>;

/** The quantizers by name. */
export const QUANTIZERS: {
  readonly [Name in QuantizerName]: Quantizer<QuantizerOptions[Name]>;
} = {
  ...PLAIN_QUANTIZERS,
  incoherence: {
    checks: INCOHERENCE_CHECKS,
    needsGram: incoherenceNeedsGram,
    plan: planIncoherence,
    quantize: (weight, gram, options, device) => incoherence(weight, gram, { ...options, device }),
  },
};
