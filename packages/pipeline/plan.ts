// What a job will write, known before it starts: a node for each layer, a place for each tensor.

import type { LayerAllocation } from "@pare/decomposers";
import { planSafetensors, type SafetensorsPlan } from "@pare/formats";
import { linearsOfBlock, type Model, topLevel, vectorsOfBlock } from "@pare/model";
import {
  byteLengthOf,
  type MatrixShape,
  type OperatorNode,
  shapeOfNode,
  tensorSpecsOf,
} from "@pare/operators";
import type { FloatDtype, TensorSpec } from "@pare/tensor";
import { matchesGlob } from "./glob.ts";
import { needsOf } from "./needs_of.ts";
import type { Recipe, Step } from "./recipe.ts";
import { NEEDS, type Needs, type Registry } from "./registry.ts";

/** What becomes of one linear layer. */
export interface LayerPlan {
  /** Its name, without `.weight`. */
  readonly name: string;
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** Which of its block's inputs it reads; `null` outside the blocks, where nothing is calibrated. */
  readonly input: string | null;
  /** The step that compresses it, its rank among the options; `null` where it is only copied. */
  readonly step: Step | null;
  /** The loss that the allocation of its rank has predicted; `null` where there was none. */
  readonly predictedLoss: number | null;
  /** How many iterations its method tells of at most. */
  readonly maxIterations: number;
  /** How it is stored afterwards. */
  readonly node: OperatorNode;
  /** The full names of the tensors it is stored in, in the order of the file. */
  readonly tensors: readonly string[];
}

/** Layers and vectors that are worked on together: the embedding, a block, the output. */
export interface Part {
  /** The block's number; `null` outside the blocks. */
  readonly block: number | null;
  /** The linear layers, in the order of the file. */
  readonly layers: readonly LayerPlan[];
  /** The vectors and their specs, in the order of the file. */
  readonly vectors: ReadonlyMap<string, TensorSpec>;
}

/** Everything a job will write but for the numbers. */
export interface CompressionPlan {
  /** The parts in the order of work and of the file. */
  readonly parts: readonly Part[];
  /** The weight files. */
  readonly files: SafetensorsPlan;
  /** The most that any step needs to know of the inputs. */
  readonly needs: Needs;
}

/** Options of {@linkcode planCompression}. */
export interface PlanOptions {
  /** Whether layers are written dense, for other programs to read. */
  readonly dense: boolean;
  /** The largest weight file in bytes. */
  readonly maxShardBytes?: number;
  /** What the layers got whose steps ask for an allocation. */
  readonly ranks?: ReadonlyMap<string, LayerAllocation>;
}

const ACTION = "Cannot plan the compression";

/**
 * Plans what a recipe makes of a model; reads no weight.
 *
 * @param model The model.
 * @param recipe What to do with it.
 * @param registry The methods.
 * @param options Whether to write dense layers, and how large files may get.
 * @returns Every layer's node and every tensor's place.
 * @throws {RangeError} If a step matches no layer, or an option does not fit a layer's shape.
 */
export function planCompression(
  model: Model,
  recipe: Recipe,
  registry: Registry,
  options: PlanOptions,
): CompressionPlan {
  const { config } = model;
  const { embedding, finalNorm, head } = topLevel(config);
  const used = new Set<Step>();
  const planLayer = (name: string, input: string | null): LayerPlan => {
    const source = model.node(name);
    const shape = shapeOfNode(source);
    const asked = stepOf(recipe, name);
    if (asked) used.add(asked);
    const found = asked?.allocation ? allocated(name, options.ranks) : null;
    const step = found ? withRank(asked, found) : asked;
    const kept = step ? null : keptNode(source, recipe.dtype);
    const node = kept ?? planStep(name, shape, input, step as Step, registry);
    const dtype = recipe.dtype === "source" ? denseDtype(source) : recipe.dtype;
    const stored: OperatorNode = options.dense ? { form: "dense", shape, dtype } : node;
    const tensors = [...tensorSpecsOf(stored).keys()].map((tensor) => `${name}.${tensor}`);
    const predictedLoss = found && found.predictedLoss;
    const maxIterations = step && registry[step.method].maxIterations?.(step.options) || 0;
    return { name, shape, input, step, predictedLoss, maxIterations, node: stored, tensors };
  };
  const planVectors = (names: readonly string[]) =>
    new Map(names.map((name) => [name, keptSpec(model.vectorSpec(name), recipe.dtype)]));
  const parts: Part[] = [
    { block: null, layers: [planLayer(embedding.name, null)], vectors: new Map() },
    ...Array.from({ length: config.layers }, (_, block) => ({
      block,
      layers: linearsOfBlock(config, block).map(({ name, input }) => planLayer(name, input)),
      vectors: planVectors(vectorsOfBlock(config, block).map(({ name }) => name)),
    })),
    {
      block: null,
      layers: head.name === embedding.name ? [] : [planLayer(head.name, null)],
      vectors: planVectors([finalNorm.name]),
    },
  ];
  const idle = recipe.steps.findIndex((step) => !used.has(step));
  if (idle >= 0) {
    const { method, layers } = recipe.steps[idle];
    throw new RangeError(
      `${ACTION} as every step must be the last to match some layer, of names such as ` +
        `"${parts[1].layers[0].name}": current step ${idle + 1} (${method}) matches none by ` +
        `${layers.map((glob) => `"${glob}"`).join(", ")}`,
    );
  }
  const needs = [...used].map((step) => NEEDS.indexOf(needsOf(step, registry)));
  return {
    parts,
    files: planSafetensors(specsOf(parts), {
      metadata: { format: "pt" },
      maxShardBytes: options.maxShardBytes,
    }),
    needs: NEEDS[Math.max(0, ...needs)],
  };
}

/** The bytes of all linear layers, and what they come to per weight. */
export function sizeOfLayers(
  layers: readonly { readonly node: OperatorNode }[],
): { weights: number; byteLength: number; bitsPerWeight: number } {
  let weights = 0;
  let byteLength = 0;
  for (const { node } of layers) {
    const [rows, cols] = shapeOfNode(node);
    weights += rows * cols;
    byteLength += byteLengthOf(node);
  }
  return { weights, byteLength, bitsPerWeight: 8 * byteLength / weights };
}

/**
 * Estimates the memory that a job takes at its peak, to within a factor of two.
 *
 * The factors are those that peaks were measured with (bench/memory): what the garbage collector
 * has not yet freed counts as much as what is in use.
 *
 * @param plan What is done.
 * @param calibration How much text goes through the model, or `null`.
 * @param hiddenSize The width of the residual stream.
 * @returns Bytes: the runtime, one block on the device, the work on the largest layer, the hidden
 * states of the calibration text and one block's Gram matrices; both twice where a step needs those
 * of the compressed model too.
 */
export function estimateMemory(
  plan: CompressionPlan,
  calibration: { readonly windows: number; readonly windowLength: number } | null,
  hiddenSize: number,
): number {
  const weightsOf = ({ layers }: Part) => layers.reduce((sum, { shape }) => sum + area(shape), 0);
  const block = Math.max(...plan.parts.map(weightsOf));
  const layer = Math.max(
    ...plan.parts.flatMap(({ layers }) => layers.map(({ shape }) => area(shape))),
  );
  const weights = 100e6 + 4 * block + 90 * layer;
  if (!calibration) return weights;
  const inputs = new Map(
    plan.parts.flatMap(({ block, layers }) =>
      block === 0 ? layers.map(({ input, shape }) => [input, 8 * shape[1] ** 2] as const) : []
    ),
  );
  const grams = [...inputs.values()].reduce((sum, bytes) => sum + bytes, 0);
  const hidden = 4 * calibration.windows * calibration.windowLength * hiddenSize;
  const streams = plan.needs === "both-grams" ? 2 : 1;
  return weights + 4 * block + streams * (5 * grams + 4 * hidden);
}

function area([rows, cols]: MatrixShape): number {
  return rows * cols;
}

/** The step that compresses a layer, the last one to match it; `null` where none does. */
export function stepOf({ steps }: Recipe, name: string): Step | null {
  return steps.findLast((step) => applies(step, name)) ?? null;
}

function allocated(name: string, ranks: PlanOptions["ranks"]): LayerAllocation {
  const found = ranks?.get(name);
  if (!found) {
    throw new RangeError(
      `${ACTION} as the rank of ${name} must be resolved first: current rank is none`,
    );
  }
  return found;
}

/** The step as it compresses one layer; `null` where the layer stays dense. */
function withRank(step: Step | null, { rank }: LayerAllocation): Step | null {
  return step && rank !== null ? { ...step, options: { ...step.options, rank } } : null;
}

function applies(step: Step, name: string): boolean {
  return step.layers.some((glob) => matchesGlob(glob, name)) &&
    !step.except.some((glob) => matchesGlob(glob, name));
}

function planStep(
  name: string,
  shape: MatrixShape,
  input: string | null,
  step: Step,
  registry: Registry,
): OperatorNode {
  const { plan } = registry[step.method];
  if (input === null && needsOf(step, registry) !== "nothing") {
    throw new RangeError(
      `${ACTION} of ${name} as a layer outside the blocks must have a method without calibration: ` +
        `current method is ${step.method}`,
    );
  }
  try {
    return plan(shape, step.options);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RangeError(`${name}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** The node of a layer that no step compresses. */
export function keptNode(source: OperatorNode, dtype: Recipe["dtype"]): OperatorNode {
  return source.form === "dense" && dtype !== "source" ? { ...source, dtype } : source;
}

function keptSpec(source: TensorSpec, dtype: Recipe["dtype"]): TensorSpec {
  return dtype === "source" ? source : { ...source, dtype };
}

/** The dtype that a layer is written in when it is written dense. */
function denseDtype(source: OperatorNode): FloatDtype & ("f32" | "f16" | "bf16") {
  return source.form === "dense" ? source.dtype : "f16";
}

function specsOf(parts: readonly Part[]): Map<string, TensorSpec> {
  const specs = new Map<string, TensorSpec>();
  for (const { layers, vectors } of parts) {
    for (const { name, node } of layers) {
      for (const [tensor, spec] of tensorSpecsOf(node)) specs.set(`${name}.${tensor}`, spec);
    }
    for (const [name, spec] of vectors) specs.set(name, spec);
  }
  return specs;
}
