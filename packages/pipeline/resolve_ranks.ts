// Ranks before the plan: a plan tells every byte before the work starts, so what decides the ranks
// is measured first. One pass over the original model, a block at a time, takes the spectrum of every
// layer that waits for a rank; then each rule shares its budget out.
//
// What was measured is not saved: the same job measures the same numbers and gets the same ranks.

import type { LayerAllocation } from "@pare/decomposers";
import { type CompressionJob, planJob } from "./job.ts";
import { type LayerMeasures, measureLayers } from "./measure_layers.ts";
import { type RankTarget, type RankTask, rankTasks } from "./rank_targets.ts";
import { namedError } from "./named_error.ts";
import type { CompressOptions } from "./write_weights.ts";

/**
 * Chooses the ranks of all layers whose steps ask for an allocation: `planJob` and `compress` take
 * the job that it returns.
 *
 * Layers are measured on the inputs of the original model, also where compression calibrates in
 * sequence.
 *
 * @param job The job.
 * @param options Progress and interruption.
 * @returns The job with its ranks; the job itself where no step asks for any.
 * @throws {RangeError} If the job cannot be planned, or a budget not be met: before anything is read;
 * or if a layer cannot be measured (the message names it).
 */
export async function resolveRanks(
  job: CompressionJob,
  options: CompressOptions = {},
): Promise<CompressionJob> {
  if (job.ranks) return job;
  const tasks = rankTasks(job);
  if (tasks.length === 0) return job;
  checkTasks(job, tasks);
  const targets = tasks.flatMap(({ targets }) => targets);
  return { ...job, ranks: ranksOf(tasks, await measureLayers(job, targets, options)) };
}

/**
 * Refuses a job that cannot be planned, or whose budgets cannot be met, before anything is read.
 *
 * @param job The job; its ranks need not be chosen yet.
 * @throws {RangeError} If it cannot be done; the message says what would have to be different.
 */
export function checkJob(job: CompressionJob): void {
  const tasks = job.ranks ? [] : rankTasks(job);
  if (tasks.length === 0) planJob(job);
  else checkTasks(job, tasks);
}

/** Refuses, before anything is read, what could not be planned or allocated afterwards. */
function checkTasks(job: CompressionJob, tasks: readonly RankTask[]): void {
  const targets = tasks.flatMap(({ targets }) => targets);
  const lowest = ({ name, costs }: RankTarget) => {
    const rank = Math.max(1, 1 + costs.findIndex(Number.isFinite));
    return [name, { name, rank, byteLength: 0, predictedLoss: 0 }] as const;
  };
  planJob({ ...job, ranks: new Map(targets.map(lowest)) });
  if (!job.calibration && tasks.some(({ rule }) => rule.needsTable)) {
    throw new RangeError(
      "Cannot allocate ranks by sensitivity as calibration text must be given: current text is none",
    );
  }
  // A budget that fits fits whatever is measured.
  ranksOf(tasks, {
    energies: new Map(targets.map(({ name, costs }) => [name, new Float64Array(costs.length)])),
    table: targets.flatMap(({ name, trials }) =>
      trials.map(({ keep }) => ({ name, keep, perplexity: 1 }))
    ),
  });
}

function ranksOf(
  tasks: readonly RankTask[],
  { energies, table }: LayerMeasures,
): Map<string, LayerAllocation> {
  const ranks = new Map<string, LayerAllocation>();
  for (const { name, rule, targets, budget } of tasks) {
    const names = new Set(targets.map((target) => target.name));
    const layers = targets.map((target) => ({
      ...target,
      energies: energies.get(target.name) ?? new Float64Array(0),
    }));
    const entries = table.filter((entry) => names.has(entry.name));
    try {
      const found = rule.allocate(layers, budget, entries);
      for (const layer of found.layers) ranks.set(layer.name, layer);
    } catch (error) {
      throw namedError(name, error);
    }
  }
  return ranks;
}
