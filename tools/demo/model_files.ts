// A trained model as the files of a Hugging Face folder.

import { huggingFaceFiles, writeSafetensors } from "@pare/formats";
import { castFinite, type Tensor, type TensorSpec } from "@pare/tensor";
import type { BpeTokenizerFiles } from "./tokenizer/tokenizer_files.ts";

/** What a folder is made of. */
export interface ModelParts {
  /** What `config.json` says. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The weights by their names on disk; rounded to bf16. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** The tokenizer. */
  readonly tokenizer: BpeTokenizerFiles;
}

/**
 * Makes the files of a model.
 *
 * @param parts What it consists of.
 * @returns Bytes by file name.
 * @throws {RangeError} If a weight is not finite.
 */
export function modelFiles(
  { config, weights, tokenizer }: ModelParts,
): Map<string, Uint8Array<ArrayBuffer>> {
  const rounded = new Map(
    [...weights].map(([name, weight]) =>
      [name, castFinite(`Cannot write ${name}`, weight, "bf16")] as const
    ),
  );
  const specs: ReadonlyMap<string, TensorSpec> = rounded;
  const { bos_token_id, eos_token_id } = config;
  return new Map([
    ...huggingFaceFiles(config, specs).files,
    ["model.safetensors", writeSafetensors(rounded, { metadata: { format: "pt" } })],
    ["generation_config.json", jsonBytes({ bos_token_id, eos_token_id })],
    ["tokenizer.json", jsonBytes(tokenizer.tokenizerJson)],
    ["tokenizer_config.json", jsonBytes(tokenizer.tokenizerConfig)],
  ]);
}

/** A value as a file of JSON that people can read. */
export function jsonBytes(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
