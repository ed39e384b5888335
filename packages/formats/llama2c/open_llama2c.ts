import { FormatError, fromBytes, sizeOf, type Tensor } from "@pare/tensor";
import { listed, quoted } from "../names.ts";
import type { ByteSource, CheckpointSource } from "../source.ts";
import { type Llama2cHeader, readLlama2cHeader } from "./header.ts";
import { layOutLlama2c, type Llama2cPlacement } from "./layout.ts";

/**
 * Opens a model of llama2.c, version 0, 1 or 2, as if it were a Hugging Face checkpoint.
 *
 * Names and `config.json` are those of a Llama model. llama2.c rotates neighbouring rows of a head
 * against each other, Hugging Face the first half against the second: the rows of queries and keys
 * are put in that order. The int8 codes of version 2 are read as f32, code · scale.
 *
 * @example Why a file is refused
 * ```ts
 * import { bytesSource, openLlama2c } from "@pare/formats";
 * import { FormatError } from "@pare/tensor";
 * import { assertRejects } from "@std/assert";
 *
 * const header = Int32Array.of(64, 172, 5, 8, 4, 512, 512);
 * const source = bytesSource(new Uint8Array(header.buffer), "stories.bin");
 * await assertRejects(
 *   () => openLlama2c(source),
 *   FormatError,
 *   `Cannot read llama2.c file "stories.bin" as file length must be the 1056540 bytes`,
 * );
 * ```
 *
 * @param source The bytes of the file.
 * @returns The weights in f32 and the configuration.
 * @throws {FormatError} If the header is not one of llama2.c, or the file has another length than
 *   it demands.
 */
export async function openLlama2c(source: ByteSource): Promise<CheckpointSource> {
  const header = await readLlama2cHeader(source);
  const action = `Cannot read llama2.c file "${source.name}"`;
  const placements = layOutLlama2c(header, source.byteLength, action);
  const specs = new Map(
    [...placements].map(([name, { shape }]) => [name, { dtype: "f32", shape }] as const),
  );
  return {
    name: source.name,
    config: configOf(header),
    tensors: {
      specs,
      read: (name) => {
        const placement = placements.get(name);
        if (placement !== undefined) return readWeight(source, placement, header.groupSize);
        const problem = `must be in the file: current tensors are ${listed([...specs.keys()])}`;
        return Promise.reject(new FormatError(action, `tensor ${quoted(name)}`, problem));
      },
    },
  };
}

async function readWeight(
  source: ByteSource,
  placement: Llama2cPlacement,
  groupSize: number,
): Promise<Tensor> {
  const { shape, offset, encoding, rotaryHeads } = placement;
  const weight = encoding === "f32"
    ? fromBytes(await source.read(offset, 4 * sizeOf(shape)), "f32", shape)
    : await readGroups(source, offset, shape, groupSize);
  return rotaryHeads === 0 ? weight : splitRotaryPairs(weight, rotaryHeads);
}

/** Reads int8 codes and the scale of each group of them. */
async function readGroups(
  source: ByteSource,
  offset: number,
  shape: readonly number[],
  groupSize: number,
): Promise<Tensor> {
  const size = sizeOf(shape);
  const groups = size / groupSize;
  const bytes = await source.read(offset, size + 4 * groups);
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset, size);
  const scales = fromBytes(bytes.subarray(size), "f32", [groups]).data;
  const data = new Float32Array(size);
  for (let group = 0, i = 0; group < groups; group++) {
    const scale = scales[group];
    for (const end = i + groupSize; i < end; i++) data[i] = codes[i] * scale;
  }
  return { dtype: "f32", shape, data };
}

/** Puts the even rows of each head into its first half and the odd ones into its second. */
function splitRotaryPairs({ shape, data }: Tensor, heads: number): Tensor {
  const [rows, cols] = shape;
  const half = rows / heads / 2;
  const split = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const pair = row >> 1;
    const target = pair + half * (Math.floor(pair / half) + (row & 1));
    split.set(data.subarray(row * cols, (row + 1) * cols), target * cols);
  }
  return { dtype: "f32", shape, data: split };
}

/** What the `config.json` of the same model says; the constants are fixed in llama2.c. */
function configOf(header: Llama2cHeader): Readonly<Record<string, unknown>> {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: header.dim,
    intermediate_size: header.hiddenDim,
    num_hidden_layers: header.layers,
    num_attention_heads: header.heads,
    num_key_value_heads: header.kvHeads,
    head_dim: header.headSize,
    vocab_size: header.vocabularySize,
    max_position_embeddings: header.maxPositions,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: header.tied,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: "float32",
  };
}
