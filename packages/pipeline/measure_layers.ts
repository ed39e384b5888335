// What decides ranks, measured in one pass over the original model, a block at a time: the spectrum
// of every layer that waits for one and, where a rule wants them, perplexities of the model with that
// layer alone compressed. Cost: a calibration, the eigenvalues of a matrix per layer, and an
// evaluation of the calibration text per trial.

import type { SensitivityEntry } from "@pare/decomposers";
import { evaluate } from "@pare/evaluators";
import { calibrate, withLinears } from "@pare/model";
import { type Statistics, toDense } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { InputStatistics } from "./calibration_stream.ts";
import type { CompressionJob } from "./job.ts";
import type { RankTarget } from "./rank_targets.ts";
import { namedError } from "./named_error.ts";
import { needsOf } from "./needs_of.ts";
import { runMethod } from "./run_method.ts";
import type { CompressOptions } from "./write_weights.ts";

/** What was measured of all layers that wait for ranks. */
export interface LayerMeasures {
  /** σ_i² by the name of the layer. */
  readonly energies: ReadonlyMap<string, Float64Array>;
  /** Perplexities of the model with one layer compressed. */
  readonly table: readonly SensitivityEntry[];
}

/** Measures the layers. */
export async function measureLayers(
  job: CompressionJob,
  targets: readonly RankTarget[],
  { signal, onProgress }: CompressOptions,
): Promise<LayerMeasures> {
  const energies = new Map<string, Float64Array>();
  const table: SensitivityEntry[] = [];
  const total = targets.reduce((sum, { trials }) => sum + 1 + trials.length, 0);
  let done = 0;
  const onStep = (item: string) => {
    signal?.throwIfAborted();
    onProgress?.({ stage: "Allocating", done: done++, total, item });
  };
  for await (const { block, statistics } of walk(job, targets, signal)) {
    for (const target of targets.filter((target) => target.block === block)) {
      const { name, input, step: { method, options } } = target;
      onStep(name);
      try {
        const weight = toDense(await job.model.linear(name));
        const seen = statistics && input !== null ? statistics[input] : null;
        const found = await job.registry[method].spectrum?.(weight, seen, options, job.device);
        energies.set(name, found ?? new Float64Array(0));
        for (const { keep, rank } of target.trials) {
          onStep(`${name} at ${keep}`);
          const perplexity = await perplexityAt(job, target, rank, weight, seen, signal);
          table.push({ name, keep, perplexity });
        }
      } catch (error) {
        throw namedError(name, error);
      }
    }
  }
  return { energies, table };
}

/** The parts that have targets, with what their layers read where a method asks for it. */
async function* walk(
  { model, device, calibration, statistics: saved, recipe, registry }: CompressionJob,
  targets: readonly RankTarget[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ block: number | null; statistics: InputStatistics | null }, void, void> {
  yield { block: null, statistics: null };
  const last = Math.max(-1, ...targets.map(({ block }) => block ?? -1));
  const isNeeded = targets.some(({ step }) => needsOf(step, registry) !== "nothing");
  if (!isNeeded || saved || !calibration) {
    for (let block = 0; block <= last; block++) {
      const isRead = isNeeded && targets.some((target) => target.block === block);
      yield { block, statistics: isRead && saved ? await saved.block(block) : null };
    }
    return;
  }
  const { skipFirstTokens } = recipe.calibration;
  const options = { device, skipFirstTokens, signal };
  for await (const { index, statistics } of calibrate(model, calibration.windows, options)) {
    yield { block: index, statistics };
    if (index === last) return;
  }
}

/** The perplexity of the calibration text with one layer compressed to a rank. */
async function perplexityAt(
  { model, registry, device, calibration }: CompressionJob,
  { name, step: { method, options } }: RankTarget,
  rank: number,
  weight: Tensor,
  statistics: Statistics | null,
  signal: AbortSignal | undefined,
): Promise<number> {
  // All blocks before the layer's are the original ones.
  const seen = statistics && { ...statistics, compressed: statistics };
  const { operator } = await runMethod(registry[method], {
    weight,
    statistics: seen,
    options: { ...options, rank },
    device,
  });
  const windows = (calibration?.windows ?? []).map((window) => Uint32Array.from(window));
  const changed = withLinears(model, new Map([[name, operator]]));
  return (await evaluate(changed, windows, { device, signal })).perplexity.mean;
}
