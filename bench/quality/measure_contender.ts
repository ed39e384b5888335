// One contender on one model: its steps are fitted to the size that it may have, the model is
// compressed in memory, opened again, and measured on each text.

import { evaluate } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import { linearNames } from "@pare/model";
import { planJob, sizeOfLayers, type StatisticsSource } from "@pare/pipeline";
import type { OpenedSource } from "../../packages/cli/open_source.ts";
import { compressInMemory, jobOf, type WrittenStep } from "./compress_in_memory.ts";
import type { Contender } from "./contenders.ts";
import { fitLadder } from "./fit_ladder.ts";
import type { EqualSize, QualityRow, Score } from "./quality_row.ts";

/** What every contender is measured on. */
export interface Ground {
  readonly source: OpenedSource;
  readonly statistics: StatisticsSource;
  readonly device: Device;
  /** By which size methods are made equal. */
  readonly equal: EqualSize;
  /** Windows of each text by its name. */
  readonly tests: ReadonlyMap<string, readonly Uint32Array[]>;
}

/** What was measured of a contender, and of the original on the way. */
export interface Measured {
  readonly row: QualityRow;
  /** The original's perplexity, by text. */
  readonly originals: Readonly<Record<string, number>>;
}

/**
 * Measures a contender.
 *
 * @param contender The method and its size.
 * @param ground The model, what it is calibrated on and the texts.
 * @param first What was measured of the first of its group, if it is another one.
 */
export async function measureContender(
  contender: Contender,
  ground: Ground,
  first: QualityRow | undefined,
): Promise<Measured> {
  const { source, device, tests } = ground;
  const steps = stepsOf(contender, ground, first);
  const started = performance.now();
  const job = jobOf(source, steps, ground.statistics, device);
  const { model, manifest } = await compressInMemory(source, job);
  const compressMs = Math.round(performance.now() - started);
  const layers = Object.values(manifest.layers).filter((layer) => layer.method !== null);
  const errors = layers.map(({ activationNmse }) => activationNmse ?? NaN);
  const scores: Record<string, Score> = {};
  const originals: Record<string, number> = {};
  for (const [text, test] of tests) {
    const { perplexity, against } = await evaluate(model, test, { against: source.model, device });
    if (!against) throw new TypeError(`Cannot compare on ${text}`);
    const { kl, top1Agreement } = against;
    scores[text] = { perplexity, kl, top1Agreement };
    originals[text] = against.perplexity.mean;
  }
  const { group, name } = contender;
  const { bitsPerWeight, byteLength: layerBytes } = sizeOfLayers(layers);
  const meanActivationNmse = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return {
    row: {
      group,
      name,
      steps,
      bitsPerWeight,
      layerBytes,
      folderBytes: manifest.byteLength,
      meanActivationNmse,
      compressMs,
      scores,
    },
    originals,
  };
}

/** The steps that come nearest to the size that a contender may have. */
function stepsOf(
  { ladder, bitsPerWeight }: Contender,
  { source, statistics, device, equal }: Ground,
  first: QualityRow | undefined,
): WrittenStep[] {
  if (bitsPerWeight === undefined) return [ladder[0]];
  const sizesOf = (steps: readonly WrittenStep[]) => {
    const { plan, byteLength } = planJob(jobOf(source, steps, statistics, device));
    const layers = plan.parts.flatMap((part) => part.layers).filter(({ step }) => step !== null);
    return { ...sizeOfLayers(layers), folder: byteLength };
  };
  const [measure, budget] = first === undefined
    ? ["bitsPerWeight", bitsPerWeight] as const
    : equal === "layers"
    ? ["byteLength", first.layerBytes] as const
    : ["folder", first.folderBytes] as const;
  return fitLadder(ladder, {
    layers: linearNames(source.model.config),
    sizeOf: (steps) => fitting(() => sizesOf(steps)[measure]),
    budget,
  });
}

/** A setting that does not fit a layer's shape has no size; whoever has no other is refused for it. */
function fitting(sizeOf: () => number): number {
  try {
    return sizeOf();
  } catch (error) {
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}
