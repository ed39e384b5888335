import { activationDistortion, distortion } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import type { Model } from "@pare/model";
import {
  type CompressedGroup,
  isInParts,
  nodeOf,
  type Operator,
  type OperatorNode,
  parseNode,
  serialize,
  type Statistics,
  toDense,
} from "@pare/operators";
import { type AnyTensor, bytesOf, castFinite, type Tensor } from "@pare/tensor";
import { castOperator } from "./cast_operator.ts";
import type { Measure } from "./journal.ts";
import type { PartInputs } from "./part_inputs.ts";
import { namedError } from "./named_error.ts";
import { needsOf } from "./needs_of.ts";
import type { LayerPlan, Part } from "./plan.ts";
import type { Method, Registry } from "./registry.ts";
import { type MethodInput, runMethod, runTogether } from "./run_method.ts";
import type { TensorWriter } from "./tensor_writer.ts";

/** What the work on a part needs of its job. */
export interface PartJob {
  /** The model. */
  readonly model: Model;
  /** The methods. */
  readonly registry: Registry;
  /** Where it is computed. */
  readonly device: Device;
}

/** What is told of the work on a part; what throws stops it. */
export interface PartProgress {
  /** Called before each layer. */
  readonly onLayer: (name: string) => void;
  /** Called behind each iteration on a layer, with how many are over, and how many there may be. */
  readonly onIteration: (name: string, done: number, most: number) => void;
}

/**
 * Compresses the layers of a part and writes them and its vectors.
 *
 * @param job Model, methods and device.
 * @param part What to work on.
 * @param inputs What calibration saw of the layers' inputs; `null` without calibration.
 * @param writer Where the tensors go.
 * @param progress What is told of the work.
 * @returns What was measured of each layer.
 */
export async function compressPart(
  job: PartJob,
  part: Part,
  inputs: PartInputs | null,
  writer: TensorWriter,
  progress: PartProgress,
): Promise<ReadonlyMap<string, Measure>> {
  const measures = new Map<string, Measure>();
  for (const group of Map.groupBy(part.layers, ({ leader }) => leader).values()) {
    const names = group.map(({ name }) => name);
    names.forEach(progress.onLayer);
    // Layers that are compressed as one read the same input.
    const seen = inputs && statisticsOf(inputs, group[0], job.registry);
    try {
      const onIteration = (done: number) =>
        progress.onIteration(names[names.length - 1], done, group[0].maxIterations);
      const found = await compressLayers({ ...job, onIteration }, group, seen, writer);
      found.forEach((measure, i) => measures.set(names[i], measure));
    } catch (error) {
      throw namedError(names.join(", "), error);
    }
  }
  for (const [name, { dtype }] of part.vectors) {
    const vector = await job.model.vector(name);
    if (dtype !== "f32" && dtype !== "f16" && dtype !== "bf16") {
      throw new TypeError(
        `Cannot write ${name} as its dtype must be f32, f16 or bf16: current dtype is ${dtype}`,
      );
    }
    await writer.write(name, castFinite(`Cannot store ${name}`, vector, dtype));
  }
  return measures;
}

/** What a layer's method is shown of its input. */
function statisticsOf(
  { original, compressed }: PartInputs,
  { input, step }: LayerPlan,
  registry: Registry,
): Statistics | null {
  if (input === null) return null;
  if (!compressed || !step || needsOf(step, registry) !== "both-grams") return original[input];
  const { tokens, gram } = compressed[input];
  return { ...original[input], compressed: { tokens, gram } };
}

/** Compresses one layer, or several as one; returns what was measured of each. */
async function compressLayers(
  { model, registry, device, onIteration }: PartJob & Pick<MethodInput, "onIteration">,
  layers: readonly LayerPlan[],
  statistics: Statistics | null,
  writer: TensorWriter,
): Promise<Measure[]> {
  const sources: Operator[] = [];
  for (const { name } of layers) sources.push(await model.linear(name));
  const [{ step }] = layers;
  if (!step) return [await copyLayer(layers[0], sources[0], statistics, writer, device)];
  const weights = sources.map(toDense);
  const input = { statistics, options: step.options, device, onIteration };
  const { operators, convergence } = await runOn(registry[step.method], weights, input);
  const stored = operators.map((operator, i) =>
    layers[i].node.form === "dense" ? castOperator(operator, layers[i].node) : operator
  );
  checkShared(layers, stored);
  const measures: Measure[] = [];
  for (const [i, layer] of layers.entries()) {
    await writeLayer(layer, stored[i], writer);
    const measured = await measure(weights[i], stored[i], statistics, device);
    measures.push(i === 0 && convergence ? { ...measured, convergence } : measured);
  }
  return measures;
}

async function runOn(
  method: Method,
  weights: readonly Tensor[],
  input: Omit<MethodInput, "weight">,
): Promise<CompressedGroup> {
  const [weight] = weights;
  if (weights.length > 1) return await runTogether(method, { ...input, weights });
  const { operator, convergence } = await runMethod(method, { ...input, weight });
  return { operators: [operator], convergence };
}

async function copyLayer(
  layer: LayerPlan,
  source: Operator,
  statistics: Statistics | null,
  writer: TensorWriter,
  device: Device,
): Promise<Measure> {
  const stored = castOperator(source, layer.node);
  await writeLayer(layer, stored, writer);
  return stored === source
    ? { nmse: 0, activationNmse: statistics && 0 }
    : await measure(toDense(source), stored, statistics, device);
}

async function writeLayer(
  { name, node, shared }: LayerPlan,
  stored: Operator,
  writer: TensorWriter,
): Promise<void> {
  checkNode(nodeOf(stored), node);
  for (const [tensor, numbers] of serialize(stored).tensors) {
    if (shared && isInParts(tensor, shared.parts)) continue;
    await writer.write(`${name}.${tensor}`, numbers);
  }
}

/** What is stored once must be the same in all layers that share it. */
function checkShared(layers: readonly LayerPlan[], stored: readonly Operator[]): void {
  const held = serialize(stored[0]).tensors;
  for (const [i, { name, shared }] of layers.entries()) {
    if (!shared) continue;
    for (const [tensor, numbers] of serialize(stored[i]).tensors) {
      const wanted = held.get(tensor);
      const isSame = wanted && (wanted === numbers || haveSameBytes(wanted, numbers));
      if (isInParts(tensor, shared.parts) && !isSame) {
        throw new RangeError(
          `Cannot share parts of layers as ${tensor} must be the same in ${shared.layer} and ` +
            `${name}: current ones differ`,
        );
      }
    }
  }
}

function haveSameBytes(a: AnyTensor, b: AnyTensor): boolean {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  return x.length === y.length && x.every((byte, i) => byte === y[i]);
}

/** A method that does not do what it planned would leave a checkpoint that cannot be read. */
function checkNode(found: OperatorNode, planned: OperatorNode): void {
  // Parsing puts the fields of both in one order.
  const [a, b] = [found, planned].map((node) => JSON.stringify(parseNode(node, "node")));
  if (a !== b) {
    throw new RangeError(
      `Cannot write the layer as it must be as planned, ${b}: current one is ${a}`,
    );
  }
}

async function measure(
  weight: Tensor,
  stored: Operator,
  statistics: Statistics | null,
  device: Device,
): Promise<Measure> {
  const restored = toDense(stored);
  const { nmse } = distortion(weight, restored);
  const activationNmse = statistics &&
    await activationDistortion(weight, restored, statistics, { device });
  return { nmse, activationNmse };
}
