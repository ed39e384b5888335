import type { Tensor } from "@pare/tensor";

/** What calibration saw at the input of one linear layer. Plain data. */
export interface Statistics {
  /** How many tokens were seen. */
  readonly tokens: number;
  /** Σ x xᵀ over the tokens, `[n, n]`, neither centred nor divided. */
  readonly gram: Tensor<"f64">;
  /** Mean of |x| per channel, `[n]`. */
  readonly meanAbs: Tensor<"f64">;
  /** Largest |x| per channel, `[n]`. */
  readonly maxAbs: Tensor<"f64">;
}
