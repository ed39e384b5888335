// The quantizers that factors may be stored by: all there are.

import {
  namedOptions,
  type QuantizerName,
  type QuantizerOptions,
  QUANTIZERS,
} from "@pare/quantizers";
import type { Check } from "@pare/tensor";

/** By which quantizer factors are stored, and with which options. */
export interface FactorQuantizerOf<Name extends QuantizerName> {
  /** The quantizer. */
  method: Name;
  /**
   * Its options for both factors. `partialGroups` is true by default, as few ranks are whole numbers
   * of groups.
   *
   * @default {{}}
   */
  options?: QuantizerOptions[Name];
  /**
   * Its options for L alone, over those for both.
   *
   * @default {{}}
   */
  left?: QuantizerOptions[Name];
  /**
   * Its options for R alone, over those for both.
   *
   * @default {{}}
   */
  right?: QuantizerOptions[Name];
}

/** By which quantizer factors are stored, any of those there are. */
export type FactorQuantizer = {
  [Name in QuantizerName]: FactorQuantizerOf<Name>;
}[QuantizerName];

/** The rule of the option that names a quantizer of factors. */
export const FACTOR_QUANTIZER: Check = namedOptions(QUANTIZERS, ["options", "left", "right"]);
