/**
 * The main job: a recipe turned into a compressed model, block by block, with resume.
 *
 * @module
 */

export * from "./compress.ts";
export * from "./compressed_model.ts";
export * from "./estimate_memory.ts";
export * from "./glob.ts";
export { type Calibration, type CompressionJob, planJob, type PlannedJob } from "./job.ts";
export type { LayerRecord } from "./layer_record.ts";
export * from "./manifest.ts";
export { needsOf } from "./needs_of.ts";
export * from "./output.ts";
export * from "./plan.ts";
export * from "./recipe.ts";
export * from "./registry.ts";
export * from "./resolve_ranks.ts";
export { type MethodInput, type MethodOutput, runMethod } from "./run_method.ts";
export * from "./statistics/check_same_text.ts";
export {
  openStatistics,
  type StatisticsOwner,
  type StatisticsSource,
} from "./statistics/open_statistics.ts";
export * from "./statistics/save_statistics.ts";
export type { StatisticsJob, StatisticsRecord } from "./statistics/statistics_record.ts";
export * from "./statistics/summarize_input.ts";
export * from "./step_allocation.ts";
export type { CompressionProgress, CompressOptions } from "./write_weights.ts";
