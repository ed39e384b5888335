// Weights to start from.
//
// A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.3:
//
//   w ~ N(0, σ²)    of what writes to the residual stream, twice a layer: σ / √(2 · layers)
//
// Gains of norms are 1, biases 0.

import { linearsOfBlock, type ModelConfig, tensorSpecs } from "@pare/model";
import { randomNormal, sizeOf, type Tensor, tensor } from "@pare/tensor";

/** Options of {@linkcode initialWeights}. */
export interface InitialWeightsOptions {
  /** Which numbers. */
  readonly seed: number;
  /** σ. */
  readonly deviation: number;
}

/**
 * Draws the weights of a model that is yet to be trained.
 *
 * @param config The model's configuration.
 * @param options A seed and a standard deviation.
 * @returns Every tensor of the model, by its name on disk.
 */
export function initialWeights(
  config: ModelConfig,
  { seed, deviation }: InitialWeightsOptions,
): Map<string, Tensor> {
  const residual = new Set<string>();
  for (let index = 0; index < config.layers; index++) {
    for (const { role, name } of linearsOfBlock(config, index)) {
      if (role === "o" || role === "down") residual.add(`${name}.weight`);
    }
  }
  const weights = new Map<string, Tensor>();
  for (const [name, shape] of tensorSpecs(config)) {
    const stream = weights.size;
    if (shape.length === 1) {
      const value = name.endsWith(".bias") ? 0 : 1;
      weights.set(name, tensor(new Float32Array(sizeOf(shape)).fill(value), shape));
      continue;
    }
    const sigma = residual.has(name) ? deviation / Math.sqrt(2 * config.layers) : deviation;
    const { data } = randomNormal(shape, { seed, stream });
    weights.set(name, tensor(data.map((value) => sigma * value), shape));
  }
  return weights;
}
