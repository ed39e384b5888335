/**
 * Low-rank decompositions of weight matrices, plain and aware of the layer's inputs.
 *
 * @example Keep 80 % of a matrix's numbers
 * ```ts
 * import { svd } from "@pare/decomposers";
 * import { byteLengthOf } from "@pare/operators";
 * import { randomNormal } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const operator = await svd(randomNormal([48, 32], { seed: 1 }), { keep: 0.8 });
 * assert(byteLengthOf(operator) <= 0.8 * 48 * 32 * 2);
 * ```
 *
 * @module
 */

export type { ConditionerOptions } from "./conditioner.ts";
export type { NestedOptions } from "./nested_rank.ts";
export type { FactorQuantizer, FactorQuantizerOf } from "./factor_quantizers.ts";
export type { RidgeOptions } from "./ridge.ts";
export { allocateGreedy } from "./allocation/allocate_greedy.ts";
export { allocateInverseLog } from "./allocation/allocate_inverse_log.ts";
export * from "./allocation/allocate_sensitivity.ts";
export { allocateUniform } from "./allocation/allocate_uniform.ts";
export * from "./allocation/allocation.ts";
export * from "./allocation/allocation_rules.ts";
export { rankAt } from "./allocation/curve.ts";
export * from "./asvd.ts";
export * from "./caldera/caldera.ts";
export { CALDERA_CHECKS, type CalderaOptions } from "./caldera/caldera_options.ts";
export * from "./caldera/caldera_together.ts";
export type { CalderaRun } from "./caldera/compress_stack.ts";
export { planCaldera, planCalderaTogether } from "./caldera/plan_caldera.ts";
export type { CompressedStack, Order } from "./caldera/alternate_blocks.ts";
export * from "./low_rank_options.ts";
export * from "./nid.ts";
export * from "./nsvd.ts";
export * from "./rank.ts";
export * from "./spectrum.ts";
export * from "./svd.ts";
export * from "./svd_llm.ts";
