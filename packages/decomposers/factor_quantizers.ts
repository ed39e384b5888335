// The quantizers that factors may be stored by. A new one is one entry of both lists here.

import type { Device } from "@pare/linalg";
import type { MatrixShape, Operator, OperatorNode } from "@pare/operators";
import { planRtn, rtn, RTN_CHECKS, type RtnOptions } from "@pare/quantizers";
import {
  type Check,
  checkOptions,
  type Checks,
  oneOf,
  optionsSchema,
  record,
  type Tensor,
} from "@pare/tensor";

/** The options of each quantizer that factors may be stored by. */
export interface FactorQuantizerOptions {
  /**
   * Rounding to nearest. `partialGroups` is true by default, as few ranks are whole numbers of
   * groups.
   */
  rtn: RtnOptions;
}

/** A quantizer of factors by name. */
export type FactorQuantizerName = keyof FactorQuantizerOptions;

/** By which quantizer factors are stored, and with which options. */
export interface FactorQuantizerOf<Name extends FactorQuantizerName> {
  /** The quantizer. */
  method: Name;
  /**
   * Its options for both factors.
   *
   * @default {{}}
   */
  options?: FactorQuantizerOptions[Name];
  /**
   * Its options for L alone, over those for both.
   *
   * @default {{}}
   */
  left?: FactorQuantizerOptions[Name];
  /**
   * Its options for R alone, over those for both.
   *
   * @default {{}}
   */
  right?: FactorQuantizerOptions[Name];
}

/** By which quantizer factors are stored, any of those there are. */
export type FactorQuantizer = {
  [Name in FactorQuantizerName]: FactorQuantizerOf<Name>;
}[FactorQuantizerName];

/** A quantizer as factors know it. */
export interface FactorQuantizerMethod<Options extends object> {
  /** One rule per option. */
  readonly checks: Checks<Options>;
  /** Whether it weighs errors by the Gram matrix of what the factor multiplies. */
  readonly needsGram: boolean;
  /** What it will return; throws for options that do not fit the shape. */
  readonly plan: (shape: MatrixShape, options: Options) => OperatorNode;
  /** Quantizes a factor; `gram` is `null` where none is known. */
  readonly quantize: (
    factor: Tensor,
    gram: Tensor<"f64"> | null,
    options: Options,
    device: Device,
  ) => Operator | Promise<Operator>;
}

/** The quantizers by name. */
export const FACTOR_QUANTIZERS: {
  readonly [Name in FactorQuantizerName]: FactorQuantizerMethod<FactorQuantizerOptions[Name]>;
} = {
  rtn: {
    checks: RTN_CHECKS,
    needsGram: false,
    plan: (shape, options) => planRtn(shape, anyRank(options)),
    quantize: (factor, _gram, options) => rtn(factor, anyRank(options)),
  },
};

const METHOD = oneOf(...Object.keys(FACTOR_QUANTIZERS));
const SHAPE_CHECKS: Checks<FactorQuantizer> = {
  method: METHOD,
  options: record(),
  left: record(),
  right: record(),
};

/** The rule of the option that names a quantizer of factors. */
export const FACTOR_QUANTIZER: Check = {
  wanted: "an object with a method and its options",
  schema: {
    oneOf: Object.entries(FACTOR_QUANTIZERS).map(([method, { checks }]) => {
      const { properties, ...schema } = optionsSchema(SHAPE_CHECKS);
      const options = optionsSchema(checks);
      return {
        ...schema,
        properties: {
          ...properties,
          method: { const: method },
          options,
          left: options,
          right: options,
        },
        required: ["method"],
      };
    }),
  },
  test: record().test,
  inner: (action, value) => {
    const given = value as FactorQuantizer;
    checkOptions(action, given, SHAPE_CHECKS);
    if (given.method === undefined) {
      throw new TypeError(
        `${action} as method must be ${METHOD.wanted}: current value is undefined`,
      );
    }
    const { checks } = FACTOR_QUANTIZERS[given.method];
    for (const name of ["options", "left", "right"] as const) {
      checkOptions(`${action} (${name})`, given[name] ?? {}, checks);
    }
  },
};

function anyRank(options: RtnOptions): RtnOptions {
  return { ...options, partialGroups: options.partialGroups ?? true };
}
