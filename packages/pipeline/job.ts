import type { LayerAllocation } from "@pare/decomposers";
import type { Device } from "@pare/linalg";
import type { Model, Tokens } from "@pare/model";
import {
  type CalibrationRecord,
  type InputRecord,
  type Manifest,
  MANIFEST_FILE,
  planManifest,
} from "./manifest.ts";
import { longestConvergence } from "./convergence.ts";
import type { Measure } from "./journal.ts";
import type { LayerRecord } from "./layer_record.ts";
import { needsOf } from "./needs_of.ts";
import { type CompressionPlan, type LayerPlan, planCompression, sizeOfLayers } from "./plan.ts";
import type { Recipe } from "./recipe.ts";
import type { Needs, Registry } from "./registry.ts";
import { roundLoss } from "./round_loss.ts";
import type { StatisticsSource } from "./statistics/open_statistics.ts";

/** A text to calibrate on. */
export interface Calibration {
  /** The text. */
  readonly text: InputRecord;
  /** Windows of tokens sampled from it. */
  readonly windows: readonly Tokens[];
}

/** Everything that decides the result of a compression. */
export interface CompressionJob {
  /** The program that does it, as `pare 0.1.0`. */
  readonly creator: string;
  /** The model. */
  readonly model: Model;
  /** The files the model came from. */
  readonly source: InputRecord;
  /** What to do. */
  readonly recipe: Recipe;
  /** The methods. */
  readonly registry: Registry;
  /** Where it is computed. */
  readonly device: Device;
  /** The calibration text and the windows sampled from it, or `null`. */
  readonly calibration: Calibration | null;
  /**
   * Statistics that were gathered before: instead of the text, or of the same windows. They are
   * used as they are; what the recipe says of sampling has no effect without the text.
   */
  readonly statistics?: StatisticsSource;
  /** Further files of the result: configuration and tokenizer. */
  readonly files: ReadonlyMap<string, string>;
  /** What is written: a checkpoint with a manifest, or a dense Hugging Face folder. */
  readonly format: "pare" | "hf";
  /** The largest weight file in bytes. */
  readonly maxShardBytes?: number;
  /** The ranks of the layers whose steps ask for an allocation: `resolveRanks` fills them in. */
  readonly ranks?: ReadonlyMap<string, LayerAllocation>;
}

/** What a job will write, to the byte. */
export interface PlannedJob {
  /** The layers and where they go. */
  readonly plan: CompressionPlan;
  /** The bytes of each file of the result. */
  readonly files: ReadonlyMap<string, number>;
  /** The bytes of all files of the result. */
  readonly byteLength: number;
}

/**
 * Plans a job: what it will write and how large that will be. Nothing is read or written.
 *
 * @param job The job.
 * @returns The plan.
 * @throws {RangeError} If a step matches no layer, does not fit one, wants calibration text that is
 * not there, or ranks that are not resolved, or calibration cannot be done as the recipe says.
 */
export function planJob(job: CompressionJob): PlannedJob {
  const { model, recipe, registry, format, maxShardBytes, ranks } = job;
  const dense = format === "hf";
  const plan = planCompression(model, recipe, registry, { dense, maxShardBytes, ranks });
  checkCalibration(job, plan);
  const files = new Map(
    plan.files.shards.map(({ fileName, byteLength }) => [fileName, byteLength]),
  );
  for (const [name, text] of textFiles(job, plan)) {
    files.set(name, new TextEncoder().encode(text).length);
  }
  const rest = [...files.values()].reduce((sum, length) => sum + length, 0);
  if (format === "hf") return { plan, files, byteLength: rest };
  const blank = manifestOf(job, plan, {
    measures: new Map(),
    digests: new Map([...files.keys()].map((name) => [name, ""])),
    sizes: files,
    statistics: recipe.calibration.sequential ? null : "0".repeat(64),
  });
  const { manifestByteLength, byteLength } = planManifest(blank);
  files.set(MANIFEST_FILE, manifestByteLength);
  return { plan, files, byteLength };
}

/** Refuses a job whose steps need what it does not have, or what its recipe rules out. */
function checkCalibration(
  { recipe, registry, calibration: text, statistics }: CompressionJob,
  { needs }: CompressionPlan,
): void {
  const { steps, calibration: { sequential, skipFirstTokens } } = recipe;
  const namesOf = (...wanted: readonly Needs[]) => {
    const found = steps.filter((step) => wanted.includes(needsOf(step, registry)));
    return [...new Set(found.map(({ method }) => method))].join(", ");
  };
  if (needs === "both-grams" && sequential) {
    throw new RangeError(
      `Cannot compress as calibration must not be sequential for ${namesOf("both-grams")}, which ` +
        `looks at the inputs of the original model too: current value of sequential is true`,
    );
  }
  if (statistics && sequential) {
    throw new RangeError(
      "Cannot compress as calibration must not be sequential with saved statistics, which are of " +
        "the original model: current value of sequential is true",
    );
  }
  if (needs === "both-grams" && !text) {
    throw new RangeError(
      `Cannot compress as calibration text must be given for ${
        namesOf("both-grams")
      }, which looks ` +
        `at the inputs of compressed blocks: current text is none`,
    );
  }
  if (needs !== "nothing" && !text && !statistics) {
    throw new RangeError(
      `Cannot compress as calibration text must be given for ` +
        `${namesOf("channels", "gram", "both-grams")}: current text is none`,
    );
  }
  if (text && !text.windows.some(({ length }) => length > skipFirstTokens)) {
    throw new RangeError(
      `Cannot compress as a calibration window must have more tokens than skipFirstTokens of ` +
        `${skipFirstTokens}: current windows are ${text.windows.length}, none longer`,
    );
  }
}

/** The files of the result that are text, but for the manifest. */
export function textFiles(job: CompressionJob, plan: CompressionPlan): Map<string, string> {
  const files = new Map(job.files);
  const { index, indexFileName } = plan.files;
  if (index) files.set(indexFileName, new TextDecoder().decode(index));
  return files;
}

/** What is known of a result once it is there. */
export interface Results {
  /** What was measured of each layer. */
  readonly measures: ReadonlyMap<string, Measure>;
  /** SHA-256 of each file. */
  readonly digests: ReadonlyMap<string, string>;
  /** Bytes of each file. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The address of the original model's statistics, if methods saw them. */
  readonly statistics: string | null;
}

/** The manifest of a job, as far as it is measured. */
export function manifestOf(job: CompressionJob, plan: CompressionPlan, results: Results): Manifest {
  const { creator, source, recipe, device } = job;
  const { measures, digests, sizes, statistics } = results;
  const layers: Record<string, LayerRecord> = {};
  for (const layer of plan.parts.flatMap(({ layers }) => layers)) {
    const { nmse, activationNmse, convergence } = measures.get(layer.name) ?? unmeasured(layer);
    layers[layer.name] = {
      method: layer.step?.method ?? null,
      node: layer.node,
      ...(layer.shared && { shared: layer.shared }),
      byteLength: sizeOfLayers([layer]).byteLength,
      nmse: roundLoss(nmse),
      activationNmse: activationNmse === null ? null : roundLoss(activationNmse),
      ...(layer.predictedLoss !== null && { predictedLoss: roundLoss(layer.predictedLoss) }),
      ...(convergence && { convergence }),
    };
  }
  const files = Object.fromEntries(
    [...digests].map(([name, sha256]) => [name, { byteLength: sizes.get(name) ?? 0, sha256 }]),
  );
  return {
    format: "pare",
    version: 3,
    creator,
    kernels: device.description,
    recipe,
    source,
    calibration: calibrationRecord(job, statistics),
    layers,
    files,
    byteLength: 0,
  };
}

/** What stands in a manifest that is only planned: as many iterations as there may be. */
function unmeasured({ maxIterations }: LayerPlan): Measure {
  const convergence = maxIterations > 0 && longestConvergence(maxIterations);
  return { nmse: 0, activationNmse: null, ...(convergence && { convergence }) };
}

/** The text of a job, or that which its statistics were gathered on. */
function calibrationRecord(
  { calibration, statistics: saved }: CompressionJob,
  statistics: string | null,
): CalibrationRecord | null {
  if (calibration) {
    const tokens = calibration.windows.reduce((sum, { length }) => sum + length, 0);
    return { ...calibration.text, tokens, statistics };
  }
  return saved ? { ...saved.record.text, tokens: saved.record.windows.tokens, statistics } : null;
}
