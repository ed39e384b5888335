import type { CheckpointSource } from "@pare/formats";
import { parseConfig, tensorSpecs } from "@pare/model";
import { type AnyTensor, castTo, randomNormal } from "@pare/tensor";

/** The configuration of a model so small that tests can compress it many times. */
export const TINY_CONFIG = {
  model_type: "llama",
  vocab_size: 24,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 16,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: "silu",
};

/** A checkpoint of random numbers in bf16. */
export function tinyCheckpoint(
  config: Readonly<Record<string, unknown>> = TINY_CONFIG,
): CheckpointSource {
  const tensors = new Map<string, AnyTensor>();
  let stream = 0;
  for (const [name, shape] of tensorSpecs(parseConfig(config, "tiny"))) {
    const noise = randomNormal(shape, { seed: 1, stream: stream++ });
    const gain = shape.length === 1 ? 1 : 0;
    const data = noise.data.map((value) => gain + 0.3 * value);
    tensors.set(name, castTo({ dtype: "f32", shape, data }, "bf16"));
  }
  return {
    name: "tiny",
    config,
    tensors: {
      specs: new Map([...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape }])),
      read: (name) => {
        const found = tensors.get(name);
        return found ? Promise.resolve(found) : Promise.reject(new Error(`Cannot find ${name}`));
      },
    },
  };
}
