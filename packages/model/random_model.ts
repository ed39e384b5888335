import {
  castTo,
  checkOptions,
  type Checks,
  FormatError,
  integer,
  oneOf,
  randomNormal,
  type TensorSpec,
} from "@pare/tensor";
import type { ModelConfig } from "./config.ts";
import { type DenseModel, denseModel } from "./dense_model.ts";
import { tensorSpecs, vectorsOfBlock } from "./layout.ts";

/** Options of {@linkcode randomModel}. */
export interface RandomModelOptions {
  /**
   * Which numbers, an integer from 0 to 2^53 - 1.
   *
   * @default {0}
   */
  seed?: number;
  /**
   * What the weights are stored as.
   *
   * @default {"f32"}
   */
  dtype?: "f32" | "f16" | "bf16";
}

const RANDOM_CHECKS: Checks<RandomModelOptions> = {
  seed: integer(0),
  dtype: oneOf("f32", "f16", "bf16"),
};

/**
 * Makes a model of normally distributed weights, to measure speed and memory of a shape without its
 * checkpoint. A tensor is made whenever it is read, and is the same every time.
 *
 * @example The size of a model that was never trained
 * ```ts
 * import { linearsOfBlock, parseConfig, randomModel } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = randomModel(parseConfig({
 *   model_type: "qwen3", vocab_size: 8, hidden_size: 4, intermediate_size: 6, head_dim: 2,
 *   num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 16,
 * }, "tiny"));
 * const [{ name, shape }] = linearsOfBlock(model.config, 0);
 * assertEquals((await model.linear(name)).shape, shape);
 * ```
 *
 * @param config Its configuration.
 * @param options A seed, a dtype.
 * @returns The model: matrices of variance 1 / cols, gains around 1, biases around 0.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is unknown.
 */
export function randomModel(config: ModelConfig, options: RandomModelOptions = {}): DenseModel {
  checkOptions("Cannot make a random model", options, RANDOM_CHECKS);
  const { seed = 0, dtype = "f32" } = options;
  const name = `random ${config.family}`;
  const shapes = tensorSpecs(config);
  const streams = new Map([...shapes.keys()].map((tensor, stream) => [tensor, stream]));
  const blocks = Array.from({ length: config.layers }, (_, i) => vectorsOfBlock(config, i));
  const biases = new Set(
    blocks.flat().filter(({ role }) => role.endsWith("Bias")).map((vector) => vector.name),
  );
  const specs = new Map<string, TensorSpec>(
    [...shapes].map(([tensor, shape]) => [tensor, { dtype, shape }]),
  );
  const read = (tensor: string) => {
    const shape = shapes.get(tensor);
    if (!shape) {
      const problem = "must be a tensor of the model: current model lacks it";
      return Promise.reject(new FormatError(`Cannot read ${name}`, tensor, problem));
    }
    const { data } = randomNormal(shape, { seed, stream: streams.get(tensor) });
    const [spread, middle] = shape.length === 2
      ? [1 / Math.sqrt(shape[1]), 0]
      : [0.1, biases.has(tensor) ? 0 : 1];
    const values = data.map((value) => middle + spread * value);
    return Promise.resolve(castTo({ dtype: "f32", shape, data: values }, dtype));
  };
  return denseModel(name, config, { specs, read });
}
