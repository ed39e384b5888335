// The options of CALDERA, and the two sets that they default to.

import { namedOptions, type NamedQuantizer, QUANTIZERS } from "@pare/quantizers";
import { boolean, type Check, integer, number, oneOf } from "@pare/tensor";
import type { FactorDtype } from "../low_rank_options.ts";
import type { Order } from "./alternate_blocks.ts";

/** Options of {@linkcode caldera}. */
export interface CalderaOptions {
  /**
   * What the options below default to: `default` is what is best on the layers it was measured on,
   * `reference` what the paper and its code do.
   *
   * @default {"default"}
   */
  preset?: "default" | "reference";
  /**
   * k, at most the shorter side; 0 for a backbone alone. Without it the largest rank within
   * `bitsPerWeight`, or without that either a sixteenth of the shorter side.
   */
  rank?: number;
  /** How many bits a weight may take, all side information included; no bound by default. */
  bitsPerWeight?: number;
  /** The quantizer of the backbone Q; by the preset. */
  quantizer?: NamedQuantizer;
  /** The quantizer of L; by the preset. */
  leftQuantizer?: NamedQuantizer;
  /** The quantizer of R; by the preset. */
  rightQuantizer?: NamedQuantizer;
  /** The dtype that L and R are stored in, in place of a quantizer each; none by default. */
  factorDtype?: FactorDtype;
  /**
   * How many components of the rank, from the leading one on, are stored in f16, whatever the others
   * are, so that they can be trained later.
   *
   * @default {0}
   */
  fineTuneRank?: number;
  /** Whether an iteration begins with the low-rank part or with the backbone; by the preset. */
  order?: Order;
  /** How often both are fitted to each other at most; by the preset. */
  iterations?: number;
  /** How often L and R are fitted to each other each time; by the preset. */
  innerIterations?: number;
  /** After how many iterations without a better result the work ends; by the preset. */
  patience?: number;
  /**
   * The share γ of what L and R see of the inputs that rounding the backbone leaves to them; `auto`
   * leaves the less, the more L and R lose by being rounded themselves. By the preset.
   */
  downdate?: number | "auto";
  /** Whether a backbone that left something to L and R is followed by one that does not; by the preset. */
  finalPass?: boolean;
  /** Whether L and R are made to weigh the same before they are rounded; by the preset. */
  balance?: boolean;
  /**
   * What is added to the diagonal of the Gram matrix, as a share of its mean. Quantizers that have
   * such an option take the same, unless their own options say otherwise.
   *
   * @default {0.01}
   */
  damping?: number;
  /**
   * Whether all is done in a random basis, by Hadamard transforms of both sides.
   *
   * @default {true}
   */
  rotate?: boolean;
  /**
   * Which random numbers.
   *
   * @default {0}
   */
  seed?: number;
}

const SHARE = number(0, 1);
const SHARE_OR_AUTO: Check = {
  wanted: `${SHARE.wanted}, or "auto"`,
  schema: { anyOf: [SHARE.schema, { const: "auto" }] },
  test: (value) => value === "auto" || SHARE.test(value),
};

/** One rule per option of {@linkcode caldera}. */
export const CALDERA_CHECKS: Readonly<Record<keyof CalderaOptions, Check>> = {
  preset: oneOf("default", "reference"),
  rank: integer(0),
  bitsPerWeight: number(Number.MIN_VALUE, 32),
  quantizer: namedOptions(QUANTIZERS),
  leftQuantizer: namedOptions(QUANTIZERS),
  rightQuantizer: namedOptions(QUANTIZERS),
  factorDtype: oneOf("f32", "f16", "bf16"),
  fineTuneRank: integer(0),
  order: oneOf("lr-q", "q-lr"),
  iterations: integer(1),
  innerIterations: integer(1),
  patience: integer(1),
  downdate: SHARE_OR_AUTO,
  finalPass: boolean(),
  balance: boolean(),
  damping: number(Number.MIN_VALUE, 1e6),
  rotate: boolean(),
  seed: integer(0),
};

/** What a preset decides. */
export type Preset = Readonly<
  Required<
    Pick<
      CalderaOptions,
      | "quantizer"
      | "leftQuantizer"
      | "rightQuantizer"
      | "order"
      | "iterations"
      | "innerIterations"
      | "patience"
      | "downdate"
      | "finalPass"
      | "balance"
    >
  >
>;

/** Points of E8, two bits a weight. */
const E8P = { method: "e8p" } as const;
/** With feedback, by what codewords cost, and refined. */
const FED_BACK: NamedQuantizer = { method: "ldlq", options: { quantizer: E8P } };
/** Nearest points, with the scales that the paper has for four bits. */
const REFERENCE_FACTOR: NamedQuantizer = {
  method: "e8p",
  options: { bits: 4, scale: 1.03, residualScale: 3.45 },
};

/** The presets; docs/decisions/0013-caldera-defaults.md tells what the default was chosen by. */
export const PRESETS: Readonly<Record<"default" | "reference", Preset>> = {
  default: {
    quantizer: FED_BACK,
    leftQuantizer: FED_BACK,
    rightQuantizer: FED_BACK,
    order: "lr-q",
    iterations: 4,
    innerIterations: 3,
    patience: 1,
    downdate: "auto",
    finalPass: true,
    balance: true,
  },
  reference: {
    quantizer: { method: "ldlq", options: { quantizer: E8P, metric: false, refinements: 0 } },
    leftQuantizer: REFERENCE_FACTOR,
    rightQuantizer: REFERENCE_FACTOR,
    order: "lr-q",
    iterations: 15,
    innerIterations: 10,
    patience: 15,
    downdate: 1,
    finalPass: false,
    balance: false,
  },
};

/** The options with those of the preset where nothing is said. */
export function withPreset(options: CalderaOptions): CalderaOptions & Preset {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...PRESETS[options.preset ?? "default"], ...Object.fromEntries(given) };
}
