// The hidden states of the calibration text on their way through the model, part by part.
//
// They are never saved: an interrupted job computes them again by the same kernels, and so they come
// out the same.

import { bindBlock, embed, type Model, observeBlock, runWindows } from "@pare/model";
import type { Operator, Statistics } from "@pare/operators";
import { type AnyTensor, fromBytes, type Tensor, toF32 } from "@pare/tensor";
import type { CompressionJob } from "./job.ts";
import type { CompressionPlan, Part } from "./plan.ts";
import { readOperator } from "./read_operator.ts";
import type { TensorWriter } from "./tensor_writer.ts";

/** Statistics of what a block's layers read, by the name of the input. */
export type InputStatistics = Readonly<Record<string, Statistics>>;

/** Hidden states in front of a part, the first one to begin with. */
export interface CalibrationStream {
  /** What the original layers of the part, a block, read of them. */
  observe(part: Part): Promise<InputStatistics>;
  /** Goes past the part. */
  pass(part: Part): Promise<void>;
}

/** What a stream runs through. */
export interface StreamContext {
  /** The model and the text. */
  readonly job: CompressionJob;
  /** The parts. */
  readonly plan: CompressionPlan;
  /** Where the finished parts are. */
  readonly writer: TensorWriter;
  /** Stops the work between two batches. */
  readonly signal: AbortSignal | undefined;
}

/** How a stream runs. */
export interface StreamOptions {
  /** Whether it comes out of the compressed parts, as they were written, or the original ones. */
  readonly isCompressed: boolean;
  /** The last part that is observed: behind it nothing is computed. */
  readonly last: Part;
}

/** Starts a stream of the windows of a job, in front of the first part. */
export function startStream(
  { job, writer, signal }: StreamContext,
  { isCompressed, last }: StreamOptions,
): CalibrationStream {
  const { model, device, calibration, recipe: { calibration: { skipFirstTokens } } } = job;
  const windows = calibration?.windows ?? [];
  let hidden: readonly Tensor[] = [];
  /** What the original part makes of them, where it was run already. */
  let outputs: readonly Tensor[] | null = null;
  let isOver = false;

  const outputsOf = async (part: Part): Promise<readonly Tensor[]> => {
    if (outputs && !isCompressed) return outputs;
    const behind = isCompressed ? asWritten(model, part, writer) : model;
    if (part.block === null) return await embed(behind, windows);
    using bound = await bindBlock(behind, part.block, device);
    return await runWindows(bound, hidden, { signal });
  };
  return {
    observe: async ({ block }) => {
      using bound = await bindBlock(model, block as number, device);
      const seen = await observeBlock(bound, hidden, { needs: "gram", skipFirstTokens, signal });
      outputs = seen.outputs;
      return seen.statistics;
    },
    pass: async (part) => {
      isOver ||= part === last;
      hidden = isOver ? [] : await outputsOf(part);
      outputs = null;
    },
  };
}

/** The model with the layers and vectors of a finished part as they were written. */
function asWritten(model: Model, { layers, vectors }: Part, writer: TensorWriter): Model {
  const written = new Map(layers.map((layer) => [layer.name, layer]));
  return {
    ...model,
    node: (name) => written.get(name)?.node ?? model.node(name),
    sharedParts: (name) => {
      const layer = written.get(name);
      return layer ? layer.shared : model.sharedParts(name);
    },
    linear: async (name): Promise<Operator> => {
      const layer = written.get(name);
      return layer ? await readOperator(writer, layer) : await model.linear(name);
    },
    vector: async (name) => {
      const spec = vectors.get(name);
      if (!spec) return await model.vector(name);
      return toF32(fromBytes(await writer.read(name), spec.dtype, spec.shape) as AnyTensor);
    },
  };
}
