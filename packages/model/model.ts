import type { Operator, OperatorNode, SharedParts } from "@pare/operators";
import type { Tensor, TensorSpec } from "@pare/tensor";
import type { ModelConfig } from "./config.ts";

/**
 * A language model whose weights are loaded when asked for: a source checkpoint, or one we wrote.
 *
 * Linear layers have names without `.weight`, as `model.layers.0.self_attn.q_proj`; the embedding
 * (`model.embed_tokens`) and an untied head (`lm_head`) are linear layers too. A tied head reads
 * the embedding.
 */
export interface Model {
  /** How error messages name it. */
  readonly name: string;
  /** Widths, counts and constants. */
  readonly config: ModelConfig;
  /** How a linear layer's weight is stored; known without reading it. */
  node(name: string): OperatorNode;
  /** What of a linear layer's weight is stored with another layer; `null` for nothing. */
  sharedParts(name: string): SharedParts | null;
  /** How a vector is stored; known without reading it. */
  vectorSpec(name: string): TensorSpec;
  /** Reads the weight of a linear layer. */
  linear(name: string): Promise<Operator>;
  /** Reads a vector (a norm's gain, a bias) as f32, by its full name, `.weight` or `.bias` included. */
  vector(name: string): Promise<Tensor>;
}
