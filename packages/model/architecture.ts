// What the families of models are made of. This table is the only place that knows the names of
// tensors, their shapes, and which of them read the same input.

import type { MatrixShape } from "@pare/operators";
import { sizeOf } from "@pare/tensor";
import type { LinearRole, ModelConfig, ModelFamily } from "./config.ts";

/** The dimensions that tensors share: cutting one of them cuts every tensor that has it. */
export type Axis = "vocabulary" | "hidden" | "intermediate" | "query" | "keyValue" | "head";

/** The four inputs of a block's linear layers: {q, k, v}, {o}, {gate, up} and {down} read one each. */
export type InputGroup = "attention" | "o" | "mlp" | "down";

/** What a vector does in its block: gains of norms, those per head, and the biases. */
export type VectorRole =
  | "attentionNorm"
  | "mlpNorm"
  | "qNorm"
  | "kNorm"
  | `${LinearRole}Bias`;

/** A linear layer of every block of a family. */
export interface LinearRow {
  /** What it does. */
  readonly role: LinearRole;
  /** Its name on disk, after the block's and before `.weight`. */
  readonly name: string;
  /** The axes of its weight: output features, then input features. */
  readonly axes: readonly [rows: Axis, cols: Axis];
  /** Which input it reads. */
  readonly input: InputGroup;
}

/** A norm of every block of a family. */
export interface NormRow {
  /** What it does. */
  readonly role: VectorRole;
  /** The name of its gain on disk, after the block's. */
  readonly name: string;
  /** The axis of its gain. */
  readonly axis: Axis;
}

/** One family of models. */
export interface Architecture {
  /** What stands before the number of a block. */
  readonly blocks: string;
  /** The linear layers of a block, in the order in which they run. */
  readonly linears: readonly LinearRow[];
  /** The norms of a block. */
  readonly norms: readonly NormRow[];
  /** The embedding's name, without `.weight`. */
  readonly embedding: string;
  /** The full name of the last norm's gain. */
  readonly finalNorm: string;
  /** The untied head's name, without `.weight`. */
  readonly head: string;
  /** The linear layers that always have a bias. */
  readonly biases: readonly LinearRole[];
  /** The fields of `config.json` that give more linear layers a bias. */
  readonly biasFields: Readonly<Record<string, readonly LinearRole[]>>;
  /** The head size where `config.json` has none; `null` for hiddenSize / heads. */
  readonly headSize: number | null;
  /**
   * How `config.json` says that attention has a window: not at all, by `sliding_window` alone, or
   * by `sliding_window` where `use_sliding_window` is true.
   */
  readonly window: "none" | "plain" | "switched";
}

/** The input groups in the order in which a block computes them. */
export const INPUT_GROUPS: readonly InputGroup[] = ["attention", "o", "mlp", "down"];

const LINEARS: readonly LinearRow[] = [
  { role: "q", name: "self_attn.q_proj", axes: ["query", "hidden"], input: "attention" },
  { role: "k", name: "self_attn.k_proj", axes: ["keyValue", "hidden"], input: "attention" },
  { role: "v", name: "self_attn.v_proj", axes: ["keyValue", "hidden"], input: "attention" },
  { role: "o", name: "self_attn.o_proj", axes: ["hidden", "query"], input: "o" },
  { role: "gate", name: "mlp.gate_proj", axes: ["intermediate", "hidden"], input: "mlp" },
  { role: "up", name: "mlp.up_proj", axes: ["intermediate", "hidden"], input: "mlp" },
  { role: "down", name: "mlp.down_proj", axes: ["hidden", "intermediate"], input: "down" },
];

const NORMS: readonly NormRow[] = [
  { role: "attentionNorm", name: "input_layernorm.weight", axis: "hidden" },
  { role: "mlpNorm", name: "post_attention_layernorm.weight", axis: "hidden" },
];

const HEAD_NORMS: readonly NormRow[] = [
  { role: "qNorm", name: "self_attn.q_norm.weight", axis: "head" },
  { role: "kNorm", name: "self_attn.k_norm.weight", axis: "head" },
];

const LLAMA: Architecture = {
  blocks: "model.layers.",
  linears: LINEARS,
  norms: NORMS,
  embedding: "model.embed_tokens",
  finalNorm: "model.norm.weight",
  head: "lm_head",
  biases: [],
  biasFields: { attention_bias: ["q", "k", "v", "o"], mlp_bias: ["gate", "up", "down"] },
  headSize: null,
  window: "none",
};

/** Every family and what it is made of. */
export const ARCHITECTURES: Readonly<Record<ModelFamily, Architecture>> = {
  llama: LLAMA,
  mistral: { ...LLAMA, biasFields: {}, window: "plain" },
  qwen2: { ...LLAMA, biases: ["q", "k", "v"], biasFields: {}, window: "switched" },
  qwen3: {
    ...LLAMA,
    norms: [...NORMS, ...HEAD_NORMS],
    biasFields: { attention_bias: ["q", "k", "v", "o"] },
    headSize: 128,
    window: "switched",
  },
};

/** A linear layer of one block. */
export interface BlockLinear {
  /** What it does. */
  readonly role: LinearRole;
  /** Its full name, without `.weight`. */
  readonly name: string;
  /** `[outFeatures, inFeatures]`. */
  readonly shape: MatrixShape;
  /** The axes of its weight. */
  readonly axes: readonly [rows: Axis, cols: Axis];
  /** Which input it reads. */
  readonly input: InputGroup;
}

/** A vector of one block. */
export interface BlockVector {
  /** What it does. */
  readonly role: VectorRole;
  /** Its full name, `.weight` or `.bias` included. */
  readonly name: string;
  /** The axis it lies along. */
  readonly axis: Axis;
  /** How long it is. */
  readonly length: number;
}

/** What stands before and after the blocks. */
export interface TopLevel {
  /** The embedding, a linear layer `[vocabulary, hidden]`. */
  readonly embedding: { readonly name: string; readonly shape: MatrixShape };
  /** The gain of the last norm. */
  readonly finalNorm: { readonly name: string; readonly length: number };
  /** The linear layer that makes logits: the embedding where the two are tied. */
  readonly head: { readonly name: string; readonly shape: MatrixShape };
}

/**
 * Tells how long an axis is.
 *
 * @param config The model's configuration.
 * @param axis The axis.
 * @returns Its length.
 */
export function axisLength(config: ModelConfig, axis: Axis): number {
  switch (axis) {
    case "vocabulary":
      return config.vocabularySize;
    case "hidden":
      return config.hiddenSize;
    case "intermediate":
      return config.intermediateSize;
    case "query":
      return config.heads * config.headSize;
    case "keyValue":
      return config.kvHeads * config.headSize;
    case "head":
      return config.headSize;
  }
}

/**
 * Names a block, as `model.layers.3`.
 *
 * @param config The model's configuration.
 * @param index The number of the block, from 0.
 * @returns The name that those of its tensors begin with.
 * @throws {RangeError} If there is no such block.
 */
export function blockName(config: ModelConfig, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= config.layers) {
    throw new RangeError(
      `Cannot name a block as its index must be an integer from 0 to ${config.layers - 1}: ` +
        `current value is ${index}`,
    );
  }
  return ARCHITECTURES[config.family].blocks + index;
}

/**
 * Lists the linear layers of a block, in the order in which they run.
 *
 * @example What reads the same input as the query projection
 * ```ts
 * import { linearsOfBlock, parseConfig } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama", vocab_size: 32000, hidden_size: 2048, intermediate_size: 5632,
 *   num_hidden_layers: 22, num_attention_heads: 32, num_key_value_heads: 4,
 *   max_position_embeddings: 2048,
 * }, "TinyLlama");
 * const readers = linearsOfBlock(config, 0).filter(({ input }) => input === "attention");
 * assertEquals(readers.map(({ shape }) => shape), [[2048, 2048], [256, 2048], [256, 2048]]);
 * ```
 *
 * @param config The model's configuration.
 * @param index The number of the block, from 0.
 * @returns Their roles, names and shapes.
 * @throws {RangeError} If there is no such block.
 */
export function linearsOfBlock(config: ModelConfig, index: number): BlockLinear[] {
  const prefix = blockName(config, index);
  return ARCHITECTURES[config.family].linears.map(({ role, name, axes, input }) => ({
    role,
    name: `${prefix}.${name}`,
    shape: [axisLength(config, axes[0]), axisLength(config, axes[1])],
    axes,
    input,
  }));
}

/**
 * Lists the vectors of a block: the gains of its norms, then its biases.
 *
 * @param config The model's configuration.
 * @param index The number of the block, from 0.
 * @returns Their roles, names and lengths.
 * @throws {RangeError} If there is no such block.
 */
export function vectorsOfBlock(config: ModelConfig, index: number): BlockVector[] {
  const prefix = blockName(config, index);
  const { norms, linears } = ARCHITECTURES[config.family];
  const biases = linears
    .filter(({ role }) => config.biases.includes(role))
    .map(({ role, name, axes }): NormRow => ({
      role: `${role}Bias`,
      name: `${name}.bias`,
      axis: axes[0],
    }));
  return [...norms, ...biases].map(({ role, name, axis }) => ({
    role,
    name: `${prefix}.${name}`,
    axis,
    length: axisLength(config, axis),
  }));
}

/**
 * Tells what stands before and after the blocks.
 *
 * @param config The model's configuration.
 * @returns The embedding, the last norm and the head; a tied head is the embedding.
 */
export function topLevel(config: ModelConfig): TopLevel {
  const { embedding, finalNorm, head } = ARCHITECTURES[config.family];
  const shape: MatrixShape = [config.vocabularySize, config.hiddenSize];
  return {
    embedding: { name: embedding, shape },
    finalNorm: { name: finalNorm, length: config.hiddenSize },
    head: { name: config.tiedEmbeddings ? embedding : head, shape },
  };
}

/**
 * Lists the linear layers of all blocks: those that are compressed. The embedding and the head are
 * not among them.
 *
 * @param config The model's configuration.
 * @returns Their full names, without `.weight`, block by block.
 */
export function linearNames(config: ModelConfig): string[] {
  const blocks = Array.from({ length: config.layers }, (_, index) => linearsOfBlock(config, index));
  return blocks.flat().map(({ name }) => name);
}

/**
 * Lists every tensor that a dense checkpoint of a model has.
 *
 * @param config The model's configuration.
 * @returns Shapes by full names; a tied head has none of its own.
 */
export function tensorSpecs(config: ModelConfig): Map<string, readonly number[]> {
  const { embedding, finalNorm, head } = topLevel(config);
  const specs = new Map<string, readonly number[]>();
  specs.set(`${embedding.name}.weight`, embedding.shape);
  for (let index = 0; index < config.layers; index++) {
    for (const { name, shape } of linearsOfBlock(config, index)) specs.set(`${name}.weight`, shape);
    for (const { name, length } of vectorsOfBlock(config, index)) specs.set(name, [length]);
  }
  specs.set(finalNorm.name, [finalNorm.length]);
  specs.set(`${head.name}.weight`, head.shape);
  return specs;
}

/**
 * Counts the parameters of a dense model; those of a tied head once.
 *
 * @param config The model's configuration.
 * @returns How many numbers its checkpoint holds.
 */
export function parameterCount(config: ModelConfig): number {
  let count = 0;
  for (const shape of tensorSpecs(config).values()) count += sizeOf(shape);
  return count;
}
