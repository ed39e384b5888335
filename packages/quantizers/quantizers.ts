// The quantizers by name, for methods that leave to their user by which one a matrix is stored. A new
// one is one entry of both lists.

import type { Device } from "@pare/linalg";
import type { Operator, WeightPlan } from "@pare/operators";
import type { Checks, Tensor } from "@pare/tensor";
import { planRtn, rtn, RTN_CHECKS, type RtnOptions } from "./rtn.ts";

/** A quantizer as other methods know it. */
export interface Quantizer<Options extends object> {
  /** One rule per option. */
  readonly checks: Checks<Options>;
  /** Whether it weighs errors by the Gram matrix of what the matrix multiplies. */
  readonly needsGram: boolean;
  /** What it will return; throws for options that do not fit the shape. */
  readonly plan: WeightPlan<Options>;
  /**
   * Quantizes a matrix.
   *
   * @param weight f32 `[rows, cols]`.
   * @param gram Σ x xᵀ of what the matrix multiplies, `[cols, cols]`; `null` where none is known.
   */
  readonly quantize: (
    weight: Tensor,
    gram: Tensor<"f64"> | null,
    options: Options,
    device: Device,
  ) => Operator | Promise<Operator>;
}

/** The options of each quantizer. */
export interface QuantizerOptions {
  /** Rounding to nearest. */
  rtn: RtnOptions;
}

/** A quantizer by name. */
export type QuantizerName = keyof QuantizerOptions;

/** A quantizer, any of those there are, with its options. */
export type NamedQuantizer = {
  [Name in QuantizerName]: {
    /** The quantizer. */
    method: Name;
    /**
     * Its options.
     *
     * @default {{}}
     */
    options?: QuantizerOptions[Name];
  };
}[QuantizerName];

/** The quantizers by name. */
export const QUANTIZERS: {
  readonly [Name in QuantizerName]: Quantizer<QuantizerOptions[Name]>;
} = {
  rtn: {
    checks: RTN_CHECKS,
    needsGram: false,
    plan: planRtn,
    quantize: (weight, _gram, options) => rtn(weight, options),
  },
};
