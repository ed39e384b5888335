// The walk over the model: part by part, every tensor to its planned place in the output.
//
// A part that the journal has, and whose bytes are still what they were, is not done again.

import { compressPart, type PartProgress } from "./compress_part.ts";
import type { CompressionJob } from "./job.ts";
import type { Journal, Measure } from "./journal.ts";
import type { OutputFolder } from "./output.ts";
import { openInputs } from "./part_inputs.ts";
import type { CompressionPlan } from "./plan.ts";
import { openTensorWriter } from "./tensor_writer.ts";

/** How far a job is. */
export interface CompressionProgress {
  /** What is being done. */
  readonly stage: "Calibrating" | "Allocating" | "Compressing" | "Checking";
  /** Steps done. */
  readonly done: number;
  /** Steps in all. */
  readonly total: number;
  /** What is worked on next. */
  readonly item: string;
}

/** Options of {@linkcode compress}. */
export interface CompressOptions {
  /** Called before each layer and each file, and behind each iteration of methods that tell of them. */
  onProgress?: (progress: CompressionProgress) => void;
  /**
   * Stops the job after the layer at hand, or after the iteration where its method tells of them; the
   * parts that are done are kept for another run.
   */
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
  const { signal, onProgress } = options;
  const measures = new Map<string, Measure>();
  await using writer = await openTensorWriter(plan.files, output);
  const inputs = openInputs({ job, plan, writer, signal });
  const total = plan.parts.reduce((sum, { layers }) => sum + layers.length, 0);
  let done = 0;
  for (const [index, part] of plan.parts.entries()) {
    signal?.throwIfAborted();
    const names = namesOf(part);
    const earlier = journal.done.get(index);
    const isDone = earlier !== undefined && earlier.sha256 === await writer.digest(names);
    const tell = (item: string, done: number) => {
      signal?.throwIfAborted();
      onProgress?.({ stage: "Compressing", done, total, item });
    };
    const progress: PartProgress = {
      onLayer: (name) => tell(name, done++),
      onIteration: (name, iteration, most) => tell(`${name}, ${iteration} of ${most}`, done - 1),
    };
    if (isDone) {
      done += part.layers.length;
      for (const [name, measure] of Object.entries(earlier.measures)) measures.set(name, measure);
    } else {
      const found = await compressPart(job, part, await inputs.observe(part), writer, progress);
      await writer.sync();
      await journal.append({
        part: index,
        sha256: await writer.digest(names),
        measures: Object.fromEntries(found),
      });
      for (const [name, measure] of found) measures.set(name, measure);
    }
    await inputs.pass(part);
  }
  return measures;
}

function namesOf({ layers, vectors }: CompressionPlan["parts"][number]): string[] {
  return [...layers.flatMap(({ tensors }) => tensors), ...vectors.keys()];
}
