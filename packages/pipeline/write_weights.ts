// The walk over the model: part by part, every tensor to its planned place in the output.
//
// A part that the journal has, and whose bytes are still what they were, is not done again. Hidden
// states are not saved: they are computed again by the same kernels, and so come out the same.

import type { Device } from "@pare/linalg";
import { bindBlock, embed, type Model, observeBlock, runWindows, withLinears } from "@pare/model";
import type { Operator, Statistics } from "@pare/operators";
import { type AnyTensor, fromBytes, type Tensor, toF32 } from "@pare/tensor";
import { compressPart } from "./compress_part.ts";
import type { CompressionJob } from "./job.ts";
import type { Journal, Measure } from "./journal.ts";
import type { OutputFolder } from "./output.ts";
import type { CompressionPlan } from "./plan.ts";
import { readOperator } from "./read_operator.ts";
import { openTensorWriter, type TensorWriter } from "./tensor_writer.ts";

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

/** Compresses and writes all weights that are not there yet; returns what was measured of each layer. */
export async function writeWeights(
  job: CompressionJob,
  plan: CompressionPlan,
  output: OutputFolder,
  journal: Journal,
  options: CompressOptions,
): Promise<ReadonlyMap<string, Measure>> {
  const { model, calibration, device } = job;
  const measures = new Map<string, Measure>();
  await using writer = await openTensorWriter(plan.files, output);
  let hidden: readonly Tensor[] | null = null;
  const total = plan.parts.reduce((sum, { layers }) => sum + layers.length, 0);
  let done = 0;
  const lastBlock = plan.parts.findLastIndex(({ block }) => block !== null);
  for (const [index, part] of plan.parts.entries()) {
    options.signal?.throwIfAborted();
    if (calibration && part.block !== null) {
      hidden ??= await embed(await modelBehind(job, plan, 0, writer), calibration.windows);
    }
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
    const found = await compressPart(job, part, seen?.statistics ?? null, writer, onLayer);
    await writer.sync();
    await journal.append({
      part: index,
      sha256: await writer.digest(names),
      measures: Object.fromEntries(found),
    });
    for (const [name, measure] of found) measures.set(name, measure);
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

/** What comes out of a finished block: of the original, or of the compressed one if sequential. */
async function passOn(
  job: CompressionJob,
  plan: CompressionPlan,
  index: number,
  writer: TensorWriter,
  hidden: readonly Tensor[],
  signal: AbortSignal | undefined,
): Promise<Tensor[]> {
  const model = await modelBehind(job, plan, index, writer);
  using bound = await bindBlock(model, plan.parts[index].block as number, job.device);
  return await runWindows(bound, hidden, { signal });
}

/** The model whose outputs stand behind a finished part: as it was written if sequential. */
async function modelBehind(
  { model, recipe }: CompressionJob,
  plan: CompressionPlan,
  index: number,
  writer: TensorWriter,
): Promise<Model> {
  if (!recipe.calibration.sequential) return model;
  const { layers, vectors } = plan.parts[index];
  const operators = new Map<string, Operator>();
  for (const { name, node } of layers) {
    operators.set(name, await readOperator(writer, name, node));
  }
  return {
    ...withLinears(model, operators),
    vector: async (name) => {
      const spec = vectors.get(name);
      if (!spec) return await model.vector(name);
      return toF32(fromBytes(await writer.read(name), spec.dtype, spec.shape) as AnyTensor);
    },
  };
}

function namesOf({ layers, vectors }: CompressionPlan["parts"][number]): string[] {
  return [...layers.flatMap(({ tensors }) => tensors), ...vectors.keys()];
}
