import type { TensorSource } from "@pare/formats";
import { dense, type DenseOperator } from "@pare/operators";
import { type Dtype, FormatError, type TensorSpec, toF32 } from "@pare/tensor";
import type { ModelConfig } from "./config.ts";
import { linearsOfBlock, topLevel, vectorsOfBlock } from "./layout.ts";
import type { Model } from "./model.ts";

/** The dtypes that dense operators store. */
type StoredDtype = DenseOperator["weight"]["dtype"];

/** A model whose linear layers are all dense. */
export interface DenseModel extends Model {
  /** Reads the weight of a linear layer: f32, f16 and bf16 as stored, other floats as f32. */
  linear(name: string): Promise<DenseOperator>;
}

/** Makes a model of tensors that are known to be all there, with the right shapes. */
export function denseModel(name: string, config: ModelConfig, tensors: TensorSource): DenseModel {
  const { embedding, finalNorm, head } = topLevel(config);
  const linears = new Set([embedding.name, head.name]);
  const vectors = new Set([finalNorm.name]);
  for (let index = 0; index < config.layers; index++) {
    for (const linear of linearsOfBlock(config, index)) linears.add(linear.name);
    for (const vector of vectorsOfBlock(config, index)) vectors.add(vector.name);
  }
  const spec = (name: string): { dtype: StoredDtype; shape: readonly number[] } => {
    const { dtype, shape } = tensors.specs.get(name) as TensorSpec;
    return { dtype: storedDtype(dtype), shape };
  };
  return {
    name,
    config,
    node: (linear) => {
      checkName(name, "linear layer", linear, linears);
      const { dtype, shape: [rows, cols] } = spec(`${linear}.weight`);
      return { form: "dense", shape: [rows, cols], dtype };
    },
    sharedParts: () => null,
    vectorSpec: (vector) => {
      checkName(name, "vector", vector, vectors);
      return spec(vector);
    },
    linear: async (linear) => {
      checkName(name, "linear layer", linear, linears);
      return dense(await readFinite(name, tensors, `${linear}.weight`));
    },
    vector: async (vector) => {
      checkName(name, "vector", vector, vectors);
      return toF32(await readFinite(name, tensors, vector));
    },
  };
}

function checkName(
  model: string,
  kind: string,
  name: string,
  names: ReadonlySet<string>,
): void {
  if (!names.has(name)) {
    throw new RangeError(
      `Cannot read a ${kind} of ${model} as its name must be one of the model's, ` +
        `${[...names].slice(0, 2).join(", ")} …: current name is ${name}`,
    );
  }
}

async function readFinite(
  model: string,
  tensors: TensorSource,
  name: string,
): Promise<DenseOperator["weight"]> {
  const read = await tensors.read(name);
  const tensor = read.dtype === "f16" || read.dtype === "bf16" ? read : toF32(read);
  const at = firstNonFinite(tensor);
  if (at >= 0) {
    const value = toF32(tensor).data[at];
    throw new FormatError(
      `Cannot load the model ${model}`,
      name,
      `must have finite numbers: current value of element ${at} is ${value}`,
    );
  }
  return tensor;
}

/** Other floats than those that operators store become f32. */
function storedDtype(dtype: Dtype): StoredDtype {
  return dtype === "f16" || dtype === "bf16" ? dtype : "f32";
}

/** The index of the first infinity or NaN, or -1. */
function firstNonFinite(tensor: DenseOperator["weight"]): number {
  if (tensor.dtype === "f32") return tensor.data.findIndex((value) => !Number.isFinite(value));
  // All bits of the exponent are set.
  const exponent = tensor.dtype === "f16" ? 0x7c00 : 0x7f80;
  return tensor.data.findIndex((bits) => (bits & exponent) === exponent);
}
