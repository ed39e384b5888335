// Where llama2.c keeps each weight. The files of versions 1 and 2 have the same order:
//
//   version 0    embedding, per kind and layer the norm of attention, wq, wk, wv, wo, the norm of
//                the MLP, w1, w2, w3, then the last norm, two tables of rotary cosines and sines
//                [seq_len, head_size / 2], which follow from the header and are skipped, and wcls
//   version 1    norms of attention, norms of the MLP, the last norm, embedding, wq, wk, wv, wo,
//                w1, w2, w3, wcls; all in f32
//   version 2    the norms in f32, every matrix as int8 codes and then an f32 scale per group
//
// w1 is the gate of the MLP, w2 leads down, w3 up; wcls is there only where it is not the embedding.

import { FormatError } from "@pare/tensor";
import type { Llama2cHeader } from "./header.ts";

/** Where a weight stands and how it is stored. */
export interface Llama2cPlacement {
  /** The shape, `[rows, cols]` or `[length]`. */
  readonly shape: readonly number[];
  /** The first byte, counted from the beginning of the file. */
  readonly offset: number;
  /** `f32`, or int8 codes with a scale per group. */
  readonly encoding: "f32" | "q80";
  /** The heads whose rows pair even with odd in rotation; 0 where rows do not rotate. */
  readonly rotaryHeads: number;
}

type Part =
  | "embedding"
  | "attentionNorm"
  | "query"
  | "key"
  | "value"
  | "output"
  | "mlpNorm"
  | "gate"
  | "down"
  | "up"
  | "norm"
  | "rotaryTables"
  | "head";

const MATRICES: readonly Part[] = ["query", "key", "value", "output"];
const MLP: readonly Part[] = ["gate", "down", "up"];
const LEGACY: readonly Part[] = [
  ...["embedding", "attentionNorm", ...MATRICES, "mlpNorm", ...MLP] as const,
  ...["norm", "rotaryTables", "head"] as const,
];
const EXPORTED: readonly Part[] = [
  ...["attentionNorm", "mlpNorm", "norm", "embedding", ...MATRICES, ...MLP, "head"] as const,
];

interface PartTraits {
  /** The name in a Hugging Face checkpoint, `#` for the layer; `null` for what has none. */
  readonly name: string | null;
  readonly shape: readonly number[];
  readonly rotaryHeads?: number;
}

function traitsOf(header: Llama2cHeader): Readonly<Record<Part, PartTraits>> {
  const { dim, hiddenDim, heads, kvHeads, headSize, vocabularySize, maxPositions } = header;
  const kvDim = kvHeads * headSize;
  const layer = "model.layers.#";
  return {
    embedding: { name: "model.embed_tokens.weight", shape: [vocabularySize, dim] },
    attentionNorm: { name: `${layer}.input_layernorm.weight`, shape: [dim] },
    query: { name: `${layer}.self_attn.q_proj.weight`, shape: [dim, dim], rotaryHeads: heads },
    key: { name: `${layer}.self_attn.k_proj.weight`, shape: [kvDim, dim], rotaryHeads: kvHeads },
    value: { name: `${layer}.self_attn.v_proj.weight`, shape: [kvDim, dim] },
    output: { name: `${layer}.self_attn.o_proj.weight`, shape: [dim, dim] },
    mlpNorm: { name: `${layer}.post_attention_layernorm.weight`, shape: [dim] },
    gate: { name: `${layer}.mlp.gate_proj.weight`, shape: [hiddenDim, dim] },
    down: { name: `${layer}.mlp.down_proj.weight`, shape: [dim, hiddenDim] },
    up: { name: `${layer}.mlp.up_proj.weight`, shape: [hiddenDim, dim] },
    norm: { name: "model.norm.weight", shape: [dim] },
    rotaryTables: { name: null, shape: [2, maxPositions, headSize / 2] },
    head: { name: "lm_head.weight", shape: [vocabularySize, dim] },
  };
}

/**
 * Says where each weight of a llama2.c file stands, in the order of the file.
 *
 * @param action What cannot be done if the header does not fit the file; begins error messages.
 * @throws {FormatError} If the groups do not fit the matrices, or the file has another length than
 *   the header demands; found before anything is read or made.
 */
export function layOutLlama2c(
  header: Llama2cHeader,
  fileByteLength: number,
  action: string,
): ReadonlyMap<string, Llama2cPlacement> {
  const { version, layers, tied, groupSize } = header;
  const traits = traitsOf(header);
  const parts = (version === 0 ? LEGACY : EXPORTED)
    .filter((part) => part !== "head" || !tied)
    .map((part) => {
      const { name, shape, rotaryHeads = 0 } = traits[part];
      const size = shape.reduce((product, length) => product * length, 1);
      const encoding: "f32" | "q80" = version === 2 && shape.length === 2 ? "q80" : "f32";
      if (encoding === "q80" && size % groupSize !== 0) {
        const problem = `must divide the ${size} weights of ${name}: current value is ${groupSize}`;
        throw new FormatError(action, "group_size", problem);
      }
      const byteLength = encoding === "q80" ? size + 4 * (size / groupSize) : 4 * size;
      const copies = name?.includes("#") ? layers : 1;
      return { name, shape, rotaryHeads, encoding, byteLength, copies };
    });

  // Beyond 2^53 this is rounded, but no file is that long.
  const wanted = parts.reduce(
    (sum, part) => sum + part.copies * part.byteLength,
    header.byteLength,
  );
  if (wanted !== fileByteLength) {
    throw new FormatError(
      action,
      "file length",
      `must be the ${wanted} bytes that the header speaks of: current length is ${fileByteLength}`,
    );
  }

  const placements = new Map<string, Llama2cPlacement>();
  let offset = header.byteLength;
  for (const { name, shape, rotaryHeads, encoding, byteLength, copies } of parts) {
    for (let layer = 0; layer < copies; layer++, offset += byteLength) {
      if (name === null) continue;
      const placement = { shape, offset, encoding, rotaryHeads };
      placements.set(name.replace("#", String(layer)), placement);
    }
  }
  return placements;
}
