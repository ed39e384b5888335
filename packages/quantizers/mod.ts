/**
 * Quantizers: pure functions from a weight matrix to an operator that stores it in few bits.
 *
 * @example Quantize, and read the error
 * ```ts
 * import { rtn } from "@pare/quantizers";
 * import { toDense } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const weight = randomNormal([16, 128], { seed: 7 });
 * const restored = toDense(rtn(weight, { bits: 8 }));
 * assert(weight.data.every((value, i) => Math.abs(value - restored.data[i]) < 0.02));
 * ```
 *
 * @module
 */

export * from "./rtn.ts";
export * from "./rtn_options.ts";
export * from "./awq.ts";
export * from "./bind_quantizer.ts";
export * from "./column_quantizer.ts";
export * from "./column_quantizers.ts";
export type { GramSource } from "./check_gram.ts";
export * from "./e8p.ts";
export { E8P_CHECKS, type E8pOptions, planE8p } from "./e8p_options.ts";
export { type FeedbackContext, type FeedbackOptions } from "./feedback_options.ts";
export * from "./gptq.ts";
export * from "./hadamard_sides.ts";
export * from "./hessian.ts";
export * from "./hqq.ts";
export * from "./incoherence.ts";
export { mxfp4, MXFP4_CHECKS, type Mxfp4Options, planMxfp4 } from "./mxfp4.ts";
export * from "./ldlq.ts";
export * from "./named_options.ts";
export { nf4, NF4_CHECKS, type Nf4Options, planNf4 } from "./nf4.ts";
export { nvfp4, NVFP4_CHECKS, type Nvfp4Options, planNvfp4 } from "./nvfp4.ts";
export * from "./plain_quantizers.ts";
export * from "./q4_k.ts";
export * from "./quantizers.ts";
export * from "./trellis.ts";
export { planTrellis, TRELLIS_CHECKS, type TrellisOptions } from "./trellis_options.ts";
