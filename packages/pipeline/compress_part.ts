import { activationDistortion, distortion } from "@pare/evaluators";
import type { Device } from "@pare/linalg";
import type { Model } from "@pare/model";
import {
  nodeOf,
  type Operator,
  type OperatorNode,
  parseNode,
  serialize,
  type Statistics,
  toDense,
} from "@pare/operators";
import { castFinite, type Tensor } from "@pare/tensor";
import { castOperator } from "./cast_operator.ts";
import type { Measure } from "./journal.ts";
import type { PartInputs } from "./part_inputs.ts";
import { namedError } from "./named_error.ts";
import { needsOf } from "./needs_of.ts";
import type { LayerPlan, Part } from "./plan.ts";
import type { Registry } from "./registry.ts";
import { runMethod } from "./run_method.ts";
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

/**
 * Compresses the layers of a part and writes them and its vectors.
 *
 * @param job Model, methods and device.
 * @param part What to work on.
 * @param inputs What calibration saw of the layers' inputs; `null` without calibration.
 * @param writer Where the tensors go.
 * @param onLayer Called before each layer.
 * @returns What was measured of each layer.
 */
export async function compressPart(
  job: PartJob,
  part: Part,
  inputs: PartInputs | null,
  writer: TensorWriter,
  onLayer: (name: string) => void,
): Promise<ReadonlyMap<string, Measure>> {
  const measures = new Map<string, Measure>();
  for (const layer of part.layers) {
    onLayer(layer.name);
    const seen = inputs && statisticsOf(inputs, layer, job.registry);
    measures.set(layer.name, await compressLayer(job, layer, seen, writer));
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

async function compressLayer(
  { model, registry, device }: PartJob,
  { name, step, node }: LayerPlan,
  statistics: Statistics | null,
  writer: TensorWriter,
): Promise<Measure> {
  const source = await model.linear(name);
  try {
    const weight = step && toDense(source);
    const { operator, convergence } = step && weight
      ? await runMethod(registry[step.method], {
        weight,
        statistics,
        options: step.options,
        device,
      })
      : { operator: source, convergence: null };
    const stored = node.form === "dense" || !step ? castOperator(operator, node) : operator;
    checkNode(nodeOf(stored), node);
    for (const [tensor, numbers] of serialize(stored).tensors) {
      await writer.write(`${name}.${tensor}`, numbers);
    }
    if (stored === source) return { nmse: 0, activationNmse: statistics && 0 };
    const measured = await measure(weight ?? toDense(source), stored, statistics, device);
    return { ...measured, ...(convergence && { convergence }) };
  } catch (error) {
    throw namedError(name, error);
  }
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
