// What the families of models are made of. This table is the only place that knows the names of
// tensors, their shapes, and which of them read the same input.

import type { LinearRole, ModelFamily } from "./config.ts";

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
