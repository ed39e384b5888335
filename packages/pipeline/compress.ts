// The main job: part by part through the model, every tensor to its planned place in the output.
//
// A journal in the output folder names the parts that are done, with a digest of their bytes. An
// interrupted job that is started again checks those parts and goes on behind them. Hidden states
// are not saved: they are computed again by the same kernels, and so come out the same.

import type { Device } from "@pare/linalg";
import {
  bindBlock,
  embed,
  type Model,
  observeBlock,
  runWindows,
  type Tokens,
  withLinears,
} from "@pare/model";
import type { Operator, Statistics } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { compressPart, type PartResult } from "./compress_part.ts";
import { type Journal, JOURNAL_FILE, openJournal } from "./journal.ts";
import {
  type InputRecord,
  type LayerRecord,
  type Manifest,
  MANIFEST_FILE,
  planManifest,
  serializeManifest,
} from "./manifest.ts";
import type { OutputFolder } from "./output.ts";
import { type CompressionPlan, planCompression, sizeOfLayers } from "./plan.ts";
import type { Recipe } from "./recipe.ts";
import type { Registry } from "./registry.ts";
import { readOperator } from "./read_operator.ts";
import { openTensorWriter, type TensorWriter } from "./tensor_writer.ts";

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
  readonly calibration: { readonly text: InputRecord; readonly windows: readonly Tokens[] } | null;
  /** Further files of the result: configuration and tokenizer. */
  readonly files: ReadonlyMap<string, string>;
  /** What is written: a checkpoint with a manifest, or a dense Hugging Face folder. */
  readonly format: "pare" | "hf";
  /** The largest weight file in bytes. */
  readonly maxShardBytes?: number;
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

/** How far a job is. */
export interface CompressionProgress {
  /** What is being done. */
  readonly stage: "Compressing" | "Checking";
  /** Steps done. */
  readonly done: number;
  /** Steps in all. */
  readonly total: number;
  /** What is worked on next. */
  readonly item: string;
}

/** Options of {@linkcode compress}. */
export interface CompressOptions {
  /** Called before each layer and each file. */
  onProgress?: (progress: CompressionProgress) => void;
  /** Stops the job after the layer at hand; what is done is kept for another run. */
  signal?: AbortSignal;
}

/**
 * Plans a job: what it will write and how large that will be. Nothing is read or written.
 *
 * @param job The job.
 * @returns The plan.
 * @throws {RangeError} If a step matches no layer, does not fit one, or wants calibration text that
 * is not there.
 */
export function planJob(job: CompressionJob): PlannedJob {
  const { model, recipe, registry, format, maxShardBytes } = job;
  const plan = planCompression(model, recipe, registry, { dense: format === "hf", maxShardBytes });
  if (plan.needs !== "nothing" && !job.calibration) {
    const methods = new Set(recipe.steps.map(({ method }) => method));
    throw new RangeError(
      `Cannot compress as calibration text must be given for ${[...methods].join(", ")}: ` +
        `current text is none`,
    );
  }
  const files = new Map(
    plan.files.shards.map(({ fileName, byteLength }) => [fileName, byteLength]),
  );
  for (const [name, text] of textFiles(job, plan)) {
    files.set(name, new TextEncoder().encode(text).length);
  }
  const rest = [...files.values()].reduce((sum, length) => sum + length, 0);
  if (format === "hf") return { plan, files, byteLength: rest };
  const blank = manifestOf(
    job,
    plan,
    new Map(),
    new Map([...files.keys()].map((name) => [name, ""])),
    files,
  );
  const { manifestByteLength, byteLength } = planManifest(blank);
  files.set(MANIFEST_FILE, manifestByteLength);
  return { plan, files, byteLength };
}

/**
 * Compresses a model into an output folder.
 *
 * The same job gives the same bytes, whether or not it was interrupted on the way.
 *
 * @param job What to do.
 * @param output The folder; it gets its final name when all is written and checked.
 * @param options Progress and interruption.
 * @returns The manifest, with everything measured.
 * @throws {RangeError} If a layer cannot be compressed (the message names it), or the folder holds
 * an interrupted job of another kind.
 */
export async function compress(
  job: CompressionJob,
  output: OutputFolder,
  options: CompressOptions = {},
): Promise<Manifest> {
  const planned = planJob(job);
  const { plan } = planned;
  const journal = await openJournal(output, identityOf(job, planned));
  const measures = await writeWeights(job, plan, output, journal, options);
  for (const [name, text] of textFiles(job, plan)) await output.writeText(name, text);
  const digests = new Map<string, string>();
  const names = [...planned.files.keys()].filter((name) => name !== MANIFEST_FILE);
  for (const [done, item] of names.entries()) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ stage: "Checking", done, total: names.length, item });
    digests.set(item, await output.digest(item));
  }
  const manifest = {
    ...manifestOf(job, plan, measures, digests, planned.files),
    byteLength: planned.byteLength,
  };
  const length = planned.files.get(MANIFEST_FILE);
  if (length !== undefined) {
    await output.writeText(MANIFEST_FILE, serializeManifest(manifest, length));
  }
  await output.remove(JOURNAL_FILE);
  await output.commit();
  return manifest;
}

async function writeWeights(
  job: CompressionJob,
  plan: CompressionPlan,
  output: OutputFolder,
  journal: Journal,
  options: CompressOptions,
): Promise<PartResult["measures"]> {
  const { model, calibration, device } = job;
  const measures = new Map<string, { nmse: number; activationNmse: number | null }>();
  await using writer = await openTensorWriter(plan.files, output);
  let hidden = calibration && await embed(model, calibration.windows);
  const total = plan.parts.reduce((sum, { layers }) => sum + layers.length, 0);
  let done = 0;
  const lastBlock = plan.parts.findLastIndex(({ block }) => block !== null);
  for (const [index, part] of plan.parts.entries()) {
    options.signal?.throwIfAborted();
    const names = namesOf(part);
    const earlier = journal.done.get(index);
    const isDone = earlier !== undefined && earlier.sha256 === await writer.digest(names);
    const onLayer = (item: string) => {
      options.signal?.throwIfAborted();
      options.onProgress?.({ stage: "Compressing", done: done++, total, item });
    };
    if (isDone) {
      done += part.layers.length;
      for (const [name, measure] of Object.entries(earlier.measures)) measures.set(name, measure);
      if (hidden && part.block !== null && index < lastBlock) {
        hidden = await passOn(job, plan, index, writer, hidden, options.signal);
      }
      continue;
    }
    const seen = hidden && part.block !== null
      ? await observe(model, part.block, hidden, device, options.signal)
      : null;
    const result = await compressPart(job, part, seen?.statistics ?? null, writer, onLayer);
    await writer.sync();
    await journal.append({
      part: index,
      sha256: await writer.digest(names),
      measures: Object.fromEntries(result.measures),
    });
    for (const [name, measure] of result.measures) measures.set(name, measure);
    if (hidden && seen && index < lastBlock) {
      hidden = job.recipe.calibration.sequential
        ? await passOn(job, plan, index, writer, hidden, options.signal)
        : seen.outputs;
    }
  }
  return measures;
}

/** Statistics of a block's inputs, by the name of the input, and what comes out of it. */
async function observe(
  model: Model,
  block: number,
  hidden: readonly Tensor[],
  device: Device,
  signal: AbortSignal | undefined,
): Promise<{ statistics: Readonly<Record<string, Statistics>>; outputs: Tensor[] }> {
  using bound = await bindBlock(model, block, device);
  return await observeBlock(bound, hidden, { needs: "gram", signal });
}

/** What stands behind a finished block: of the original, or of the compressed one if sequential. */
async function passOn(
  { model, recipe, device }: CompressionJob,
  plan: CompressionPlan,
  index: number,
  writer: TensorWriter,
  hidden: readonly Tensor[],
  signal: AbortSignal | undefined,
): Promise<Tensor[]> {
  const { block, layers } = plan.parts[index];
  const operators = new Map<string, Operator>();
  if (recipe.calibration.sequential) {
    for (const { name, node } of layers) {
      operators.set(name, await readOperator(writer, name, node));
    }
  }
  using bound = await bindBlock(withLinears(model, operators), block as number, device);
  return await runWindows(bound, hidden, { signal });
}

function namesOf({ layers, vectors }: CompressionPlan["parts"][number]): string[] {
  return [...layers.flatMap(({ tensors }) => tensors), ...vectors.keys()];
}

/** The files of the result that are text, but for the manifest. */
function textFiles(job: CompressionJob, plan: CompressionPlan): Map<string, string> {
  const files = new Map(job.files);
  const { index, indexFileName } = plan.files;
  if (index) files.set(indexFileName, new TextDecoder().decode(index));
  return files;
}

function identityOf(job: CompressionJob, planned: PlannedJob): Record<string, unknown> {
  const { creator, source, recipe, format, device, calibration } = job;
  return {
    creator,
    source,
    recipe,
    format,
    kernels: device.description,
    calibration: calibration?.text ?? null,
    files: Object.fromEntries(planned.files),
  };
}

function manifestOf(
  job: CompressionJob,
  plan: CompressionPlan,
  measures: PartResult["measures"],
  digests: ReadonlyMap<string, string>,
  sizes: ReadonlyMap<string, number>,
): Manifest {
  const { creator, source, recipe, device, calibration } = job;
  const layers: Record<string, LayerRecord> = {};
  for (const layer of plan.parts.flatMap(({ layers }) => layers)) {
    const { nmse = 0, activationNmse = null } = measures.get(layer.name) ?? {};
    layers[layer.name] = {
      method: layer.step?.method ?? null,
      node: layer.node,
      byteLength: sizeOfLayers([layer]).byteLength,
      nmse,
      activationNmse,
    };
  }
  const files = Object.fromEntries(
    [...digests].map(([name, sha256]) => [name, { byteLength: sizes.get(name) ?? 0, sha256 }]),
  );
  const tokens = calibration?.windows.reduce((sum, window) => sum + window.length, 0) ?? 0;
  return {
    format: "pare",
    version: 1,
    creator,
    kernels: device.description,
    recipe,
    source,
    calibration: calibration && { ...calibration.text, tokens },
    layers,
    files,
    byteLength: 0,
  };
}
