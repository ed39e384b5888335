// What a job will write, known before it starts: a node for each layer, a place for each tensor.

import type { LayerAllocation } from "@pare/decomposers";
import { planSafetensors, type SafetensorsPlan } from "@pare/formats";
import { linearsOfBlock, type Model, topLevel, vectorsOfBlock } from "@pare/model";
import {
  byteLengthOf,
  type MatrixShape,
  type OperatorNode,
  ownTensorSpecsOf,
  shapeOfNode,
  type SharedParts,
} from "@pare/operators";
import type { FloatDtype, TensorSpec } from "@pare/tensor";
import { copySharing } from "./copy_sharing.ts";
import { matchesGlob } from "./glob.ts";
import { planNamed } from "./named_error.ts";
import { needsOf } from "./needs_of.ts";
import { type AskedLayer, type GroupMember, planGroups } from "./plan_groups.ts";
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
  /** The first of the layers that are compressed as one with it; itself where it is alone. */
  readonly leader: string;
  /** How it is stored afterwards. */
  readonly node: OperatorNode;
  /** What of it is stored with another layer. */
  readonly shared: SharedParts | null;
  /** The full names of the tensors that it is stored in by itself, in the order of the file. */
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
  const ask = (name: string, input: string | null): AskedLayer => {
    const source = model.node(name);
    const asked = stepOf(recipe, name);
    if (asked) used.add(asked);
    const found = asked?.allocation ? allocated(name, options.ranks) : null;
    const step = found ? withRank(asked, found) : asked;
    const predictedLoss = found && found.predictedLoss;
    return { name, shape: shapeOfNode(source), input, source, asked, step, predictedLoss };
  };
  const sharedCopies = copySharing(model);
  const planLayer = (layer: AskedLayer, member?: GroupMember): LayerPlan => {
    const { name, shape, input, source, step, predictedLoss } = layer;
    const node = member?.node ??
      (step ? planStep(layer, step, registry) : keptNode(source, recipe.dtype));
    const shared = step ? member?.shared ?? null : sharedCopies(name);
    const dtype = recipe.dtype === "source" ? denseDtype(source) : recipe.dtype;
    const stored = options.dense
      ? { node: { form: "dense", shape, dtype } as const, shared: null }
      : { node, shared };
    const tensors = [...ownTensorSpecsOf(stored.node, stored.shared).keys()];
    return {
      name,
      shape,
      input,
      step,
      predictedLoss,
      maxIterations: step && registry[step.method].maxIterations?.(step.options) || 0,
      leader: member?.leader ?? name,
      ...stored,
      tensors: tensors.map((tensor) => `${name}.${tensor}`),
    };
  };
  const planLayers = (layers: readonly AskedLayer[]): LayerPlan[] => {
    const groups = planGroups(layers, registry);
    return layers.map((layer) => planLayer(layer, groups.get(layer.name)));
  };
  const planVectors = (names: readonly string[]) =>
    new Map(names.map((name) => [name, keptSpec(model.vectorSpec(name), recipe.dtype)]));
  const parts: Part[] = [
    { block: null, layers: planLayers([ask(embedding.name, null)]), vectors: new Map() },
    ...Array.from({ length: config.layers }, (_, block) => ({
      block,
      layers: planLayers(linearsOfBlock(config, block).map(({ name, input }) => ask(name, input))),
      vectors: planVectors(vectorsOfBlock(config, block).map(({ name }) => name)),
    })),
    {
      block: null,
      layers: head.name === embedding.name ? [] : planLayers([ask(head.name, null)]),
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
  layers: readonly { readonly node: OperatorNode; readonly shared?: SharedParts | null }[],
): { weights: number; byteLength: number; bitsPerWeight: number } {
  let weights = 0;
  let byteLength = 0;
  for (const { node, shared } of layers) {
    const [rows, cols] = shapeOfNode(node);
    weights += rows * cols;
    byteLength += byteLengthOf(node, shared);
  }
  return { weights, byteLength, bitsPerWeight: 8 * byteLength / weights };
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
  { name, shape, input }: AskedLayer,
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
  return planNamed(name, () => plan(shape, step.options));
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
    for (const { name, node, shared } of layers) {
      for (const [tensor, spec] of ownTensorSpecsOf(node, shared)) {
        specs.set(`${name}.${tensor}`, spec);
      }
    }
    for (const [name, spec] of vectors) specs.set(name, spec);
  }
  return specs;
}
