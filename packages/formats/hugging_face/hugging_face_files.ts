import type { TensorSpec } from "@pare/tensor";
import { quoted } from "../names.ts";
import {
  planSafetensors,
  type SafetensorsOptions,
  type SafetensorsPlan,
} from "../safetensors/plan_safetensors.ts";

/** The files of a Hugging Face checkpoint before its numbers are known. */
export interface HuggingFacePlan {
  /** The bytes of `config.json`, and of the index where there are several shards, by file name. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The layout of the weights. */
  readonly weights: SafetensorsPlan;
}

/**
 * Plans a Hugging Face folder of dense weights: whoever calls brings the tensors, see
 * {@linkcode safetensorsStream}, and the files of the tokenizer.
 *
 * @example Every file and its length
 * ```ts
 * import { huggingFaceFiles } from "@pare/formats";
 * import { assertEquals } from "@std/assert";
 *
 * const specs = new Map([["model.norm.weight", { dtype: "bf16", shape: [64] } as const]]);
 * const { files, weights } = huggingFaceFiles({ model_type: "llama" }, specs);
 * assertEquals([...files.keys()], ["config.json"]);
 * assertEquals(weights.shards.map(({ fileName }) => fileName), ["model.safetensors"]);
 * ```
 *
 * @param config What `config.json` says.
 * @param specs The dtype and shape of each tensor.
 * @param options The metadata of the weights, by default the `{ format: "pt" }` that Transformers
 *   asks for, and the largest size of a file.
 * @returns The files whose bytes are known already, and the layout of the others.
 * @throws {TypeError} If an option is unknown.
 * @throws {RangeError} If `config` lacks a `model_type`, an option breaks its rule, or a name or
 *   shape cannot be written.
 */
export function huggingFaceFiles(
  config: Readonly<Record<string, unknown>>,
  specs: ReadonlyMap<string, TensorSpec>,
  options: Omit<SafetensorsOptions, "baseName"> = {},
): HuggingFacePlan {
  if (typeof config.model_type !== "string" || config.model_type === "") {
    throw new RangeError(
      "Cannot plan a Hugging Face folder as model_type must name the architecture: " +
        `current value is ${quoted(config.model_type)}`,
    );
  }
  const weights = planSafetensors(specs, {
    ...options,
    metadata: options.metadata ?? { format: "pt" },
    baseName: "model",
  });
  const files = new Map([
    ["config.json", new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)],
  ]);
  if (weights.index !== null) files.set(weights.indexFileName, weights.index);
  return { files, weights };
}
