import type { Device } from "@pare/linalg";
import { boolean, type Check, integer, number, oneOf } from "@pare/tensor";
import { FACTOR_QUANTIZER, type FactorQuantizer } from "./factor_quantizers.ts";
import type { RankOptions } from "./rank.ts";

/** The dtypes that factors are stored in. */
export type FactorDtype = "f32" | "f16" | "bf16";

/** Options that every low-rank method has. */
export interface LowRankOptions extends RankOptions {
  /**
   * The dtype that the factors are stored in.
   *
   * @default {"f16"}
   */
  factorDtype?: FactorDtype;
  /**
   * The quantizer that stores both factors, such as `{ method: "rtn", options: { bits: 4 } }`, in
   * place of a dtype; none by default.
   */
  factorQuantizer?: FactorQuantizer;
  /**
   * Whether L is fitted again to R as it was stored, which makes up for what R lost on the inputs
   * that calibration saw, or on the weights where it saw none; by default where factors are
   * quantized.
   */
  refit?: boolean;
}

/** Where a decomposition runs. */
export interface DeviceOptions {
  /**
   * The device; one of WebAssembly is made for the call where none is given, and for what needs f64
   * where this one has none.
   */
  device?: Device;
}

/** One rule per option that every low-rank method has. */
export const LOW_RANK_CHECKS: Readonly<Record<keyof LowRankOptions, Check>> = {
  rank: integer(1),
  keep: number(Number.MIN_VALUE, 1),
  storage: oneOf("factors", "junction"),
  factorDtype: oneOf("f32", "f16", "bf16"),
  factorQuantizer: FACTOR_QUANTIZER,
  refit: boolean(),
};
