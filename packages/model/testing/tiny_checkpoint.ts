// Tiny models with made-up weights that an independent program can make up too.

import type { CheckpointSource } from "@pare/formats";
import { type AnyTensor, sizeOf, type Tensor, tensor } from "@pare/tensor";
import { tensorSpecs } from "../layout.ts";
import { parseConfig } from "../parse_config.ts";

/**
 * Makes a checkpoint of the given configuration, with the tensors of {@linkcode tensorsOf}.
 */
export function tinyCheckpoint(config: Readonly<Record<string, unknown>>): CheckpointSource {
  return checkpointOf(config, tensorsOf(config));
}

/**
 * Makes the tensors of a model: number t holds the numbers of a linear congruential generator seeded
 * with t; matrices and biases from -0.4 to 0.4, gains from 0.8 to 1.2.
 */
export function tensorsOf(config: Readonly<Record<string, unknown>>): Map<string, Tensor> {
  const specs = tensorSpecs(parseConfig(config, "tiny"));
  return new Map([...specs].map(([name, shape], t) => [name, madeUp(t, name, shape)]));
}

/** Makes a checkpoint of tensors in memory. */
export function checkpointOf(
  config: Readonly<Record<string, unknown>>,
  tensors: ReadonlyMap<string, AnyTensor>,
): CheckpointSource {
  return {
    name: "tiny",
    config,
    tensors: {
      specs: new Map([...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
      read: (name) => {
        const found = tensors.get(name);
        return found ? Promise.resolve(found) : Promise.reject(new RangeError(`No ${name}`));
      },
    },
  };
}

function madeUp(t: number, name: string, shape: readonly number[]): Tensor {
  const isGain = shape.length === 1 && name.endsWith(".weight");
  let state = t * 7919 + 17;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const uniform = state / 2 ** 31 - 1;
    return isGain ? 1 + 0.2 * uniform : 0.4 * uniform;
  });
  return tensor(data, shape);
}
