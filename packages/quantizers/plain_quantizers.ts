// The quantizers that store a matrix in the basis it comes in, by name. A new one is one entry of both
// lists. Those that change the basis, and leave the rest to one of these, are in quantizers.ts.

import type { Device } from "@pare/linalg";
import type { Operator, WeightPlan } from "@pare/operators";
import type { Checks, Tensor } from "@pare/tensor";
import { e8p } from "./e8p.ts";
import { E8P_CHECKS, type E8pOptions, planE8p } from "./e8p_options.ts";
import { hqq, HQQ_CHECKS, type HqqOptions, planHqq } from "./hqq.ts";
import { mxfp4, MXFP4_CHECKS, type Mxfp4Options, planMxfp4 } from "./mxfp4.ts";
import { nf4, NF4_CHECKS, type Nf4Options, planNf4 } from "./nf4.ts";
import { nvfp4, NVFP4_CHECKS, type Nvfp4Options, planNvfp4 } from "./nvfp4.ts";
import { gptq, GPTQ_CHECKS, type GptqOptions, planGptq } from "./gptq.ts";
import { ldlq, LDLQ_CHECKS, type LdlqOptions, planLdlq } from "./ldlq.ts";
import { planQ4k, q4k, Q4K_CHECKS, type Q4kOptions } from "./q4_k.ts";
import { planRtn, rtn } from "./rtn.ts";
import { RTN_CHECKS, type RtnOptions } from "./rtn_options.ts";
import { trellis } from "./trellis.ts";
import { planTrellis, TRELLIS_CHECKS, type TrellisOptions } from "./trellis_options.ts";

/** A quantizer as other methods know it. */
export interface Quantizer<Options extends object> {
  /** One rule per option. */
  readonly checks: Checks<Options>;
  /** Whether it weighs errors by the Gram matrix of what the matrix multiplies. */
  readonly needsGram: (options: Options) => boolean;
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

/** A method by name, with its options. */
export interface NamedOptionsOf<Table, Name extends keyof Table> {
  /** The method. */
  method: Name;
  /**
   * Its options.
   *
   * @default {{}}
   */
  options?: Table[Name];
}

/** One of several methods by name, with its options. */
export type NamedOptions<Table> = {
  [Name in keyof Table]: NamedOptionsOf<Table, Name>;
}[keyof Table];

/** The options of each quantizer that keeps the basis. */
export interface PlainQuantizerOptions {
  /** Rounding to nearest. */
  rtn: RtnOptions;
  /** Half-quadratic quantization. */
  hqq: HqqOptions;
  /** Points of the lattice E8. */
  e8p: E8pOptions;
  /** Walks through a trellis. */
  trellis: TrellisOptions;
  /** Levels at quantiles of the normal distribution. */
  nf4: Nf4Options;
  /** Floats of four bits, powers of two for each 32. */
  mxfp4: Mxfp4Options;
  /** Floats of four bits, floats of eight for each 16. */
  nvfp4: Nvfp4Options;
  /** Blocks of llama.cpp. */
  q4_k: Q4kOptions;
  /** Columns rounded to uniform grids with error feedback. */
  gptq: GptqOptions;
  /** Any quantizer of columns, with error feedback. */
  ldlq: LdlqOptions;
}

/** The quantizers that keep the basis, by name. */
export const PLAIN_QUANTIZERS: {
  readonly [Name in keyof PlainQuantizerOptions]: Quantizer<PlainQuantizerOptions[Name]>;
} = {
  rtn: {
    checks: RTN_CHECKS,
    needsGram: () => false,
    plan: planRtn,
    quantize: (weight, _gram, options) => rtn(weight, options),
  },
  hqq: {
    checks: HQQ_CHECKS,
    needsGram: () => false,
    plan: planHqq,
    quantize: (weight, _gram, options) => hqq(weight, options),
  },
  e8p: {
    checks: E8P_CHECKS,
    needsGram: () => false,
    plan: planE8p,
    quantize: (weight, _gram, options, device) => e8p(weight, { ...options, device }),
  },
  trellis: {
    checks: TRELLIS_CHECKS,
    needsGram: () => false,
    plan: planTrellis,
    quantize: (weight, _gram, options, device) => trellis(weight, { ...options, device }),
  },
  nf4: {
    checks: NF4_CHECKS,
    needsGram: () => false,
    plan: planNf4,
    quantize: (weight, _gram, options) => nf4(weight, options),
  },
  mxfp4: {
    checks: MXFP4_CHECKS,
    needsGram: () => false,
    plan: planMxfp4,
    quantize: (weight, _gram, options) => mxfp4(weight, options),
  },
  nvfp4: {
    checks: NVFP4_CHECKS,
    needsGram: () => false,
    plan: planNvfp4,
    quantize: (weight, _gram, options) => nvfp4(weight, options),
  },
  q4_k: {
    checks: Q4K_CHECKS,
    needsGram: ({ importance = false }) => importance,
    plan: planQ4k,
    quantize: q4k,
  },
  gptq: {
    checks: GPTQ_CHECKS,
    needsGram: () => true,
    plan: planGptq,
    quantize: (weight, gram, options, device) => gptq(weight, gram, { ...options, device }),
  },
  ldlq: {
    checks: LDLQ_CHECKS,
    needsGram: () => true,
    plan: planLdlq,
    quantize: (weight, gram, options, device) => ldlq(weight, gram, { ...options, device }),
  },
};
