import type { CheckpointSource } from "@pare/formats";
import { DTYPES, FormatError } from "@pare/tensor";
import { ARCHITECTURES } from "./architecture.ts";
import type { ModelConfig } from "./config.ts";
import { type DenseModel, denseModel } from "./dense_model.ts";
import { blockName, tensorSpecs } from "./layout.ts";
import { parseConfig } from "./parse_config.ts";

/**
 * Opens a dense checkpoint as a model; weights are read when asked for.
 *
 * Every tensor that the architecture demands must be there with its shape and a floating-point
 * dtype. What else is there is left alone, unless it belongs to a block and so would change what
 * the block does.
 *
 * @example A checkpoint in memory
 * ```ts
 * import { openModel, parseConfig, tensorSpecs } from "@pare/model";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const config = {
 *   model_type: "llama", vocab_size: 8, hidden_size: 4, intermediate_size: 6,
 *   num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 16,
 * };
 * const specs = tensorSpecs(parseConfig(config, "tiny"));
 * const tensors = new Map([...specs].map(([name, shape]) => [name, randomNormal(shape)]));
 * const read = (name: string) => Promise.resolve(tensors.get(name) ?? randomNormal([0]));
 * const model = openModel({ name: "tiny", config, tensors: { specs: tensors, read } });
 * const { shape } = await model.linear("model.layers.0.mlp.up_proj");
 * assertEquals(shape, [6, 4]);
 * ```
 *
 * @param checkpoint The configuration and the tensors.
 * @returns The model.
 * @throws {FormatError} If the configuration is not supported, or a tensor is missing, of the
 * wrong shape or dtype, or unknown.
 */
export function openModel(checkpoint: CheckpointSource): DenseModel {
  const { name, tensors } = checkpoint;
  const config = parseConfig(checkpoint.config, name);
  const action = `Cannot open the model ${name}`;
  checkTensors(action, config, checkpoint);
  return denseModel(name, config, tensors);
}

function checkTensors(
  action: string,
  config: ModelConfig,
  { tensors }: CheckpointSource,
): void {
  const wanted = tensorSpecs(config);
  for (const [name, shape] of wanted) {
    const found = tensors.specs.get(name);
    if (!found) {
      throw new FormatError(
        action,
        name,
        `must be there with shape [${shape.join(", ")}]: current checkpoint lacks it`,
      );
    }
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i])) {
      throw new FormatError(
        action,
        name,
        `must have shape [${shape.join(", ")}]: current shape is [${found.shape.join(", ")}]`,
      );
    }
    if (!DTYPES[found.dtype].isFloat) {
      throw new FormatError(action, name, `must be a float: current dtype is ${found.dtype}`);
    }
  }
  const { blocks } = ARCHITECTURES[config.family];
  const prefixes = Array.from({ length: config.layers }, (_, i) => `${blockName(config, i)}.`);
  for (const name of tensors.specs.keys()) {
    if (wanted.has(name) || !name.startsWith(blocks) || isRotaryTable(name)) continue;
    if (prefixes.some((prefix) => name.startsWith(prefix))) {
      const { shape } = tensors.specs.get(name) ?? { shape: [] };
      throw new FormatError(
        action,
        name,
        `must be absent, for no ${config.family} block has it: current shape is [${
          shape.join(", ")
        }]`,
      );
    }
  }
}

/** Older checkpoints keep the rotary frequencies, which follow from the configuration. */
function isRotaryTable(name: string): boolean {
  return name.endsWith(".rotary_emb.inv_freq");
}
