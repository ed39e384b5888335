// One tiny model of every family and feature, with what it makes of eight tokens.

/** A tiny model and golden values. */
export interface FamilyCase {
  /** What it shows. */
  readonly name: string;
  /** Its `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The mean of -log p over the seven tokens after the first. */
  readonly loss: number;
  /** The logits behind the last token. */
  readonly logits: readonly number[];
}

/** The tokens that all golden values are of. */
export const TOKENS: Uint32Array = Uint32Array.of(1, 7, 3, 10, 0, 5, 7, 2);

const SHARED = { vocab_size: 11, max_position_embeddings: 32, hidden_act: "silu" };

/** Golden values by a program of naive loops in f64 that shares nothing with this package. */
export const FAMILIES: readonly FamilyCase[] = [
  {
    name: "llama with grouped heads and a head of its own",
    config: {
      ...SHARED,
      model_type: "llama",
      hidden_size: 16,
      intermediate_size: 20,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
    },
    loss: 2.740424795,
    // deno-fmt-ignore
    logits: [
      0.5057899, -0.8625967, 1.4645136, 0.4940737, -2.0183637, 1.3900791, -1.0976027, -1.4441441,
      -1.4633912, 3.0193537, 0.9073703,
    ],
  },
  {
    name: "mistral with a window of three",
    config: {
      ...SHARED,
      model_type: "mistral",
      hidden_size: 16,
      intermediate_size: 12,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 1,
      rms_norm_eps: 1e-5,
      rope_theta: 1e6,
      sliding_window: 3,
      tie_word_embeddings: true,
    },
    loss: 2.979433944,
    // deno-fmt-ignore
    logits: [
      0.6426794, -1.0012387, 0.4663882, 1.2828722, -0.1246846, 1.3582836, -0.3886946, -0.1427575,
      -1.4465947, 0.5841909, 0.0479991,
    ],
  },
  {
    name: "qwen2 with biases",
    config: {
      ...SHARED,
      model_type: "qwen2",
      hidden_size: 12,
      intermediate_size: 18,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      rms_norm_eps: 1e-6,
      rope_theta: 1e6,
      use_sliding_window: false,
      sliding_window: 2,
      tie_word_embeddings: true,
    },
    loss: 2.436062925,
    // deno-fmt-ignore
    logits: [
      -0.1167952, -1.3779666, 0.9203674, -0.0356674, 0.2991065, -0.1683994, -0.6571764, 1.5215299,
      -0.9890705, 0.9712053, -0.5930239,
    ],
  },
  {
    name: "qwen3 with norms per head and heads wider than hidden / heads",
    config: {
      ...SHARED,
      model_type: "qwen3",
      hidden_size: 10,
      intermediate_size: 14,
      num_hidden_layers: 2,
      num_attention_heads: 3,
      num_key_value_heads: 3,
      head_dim: 8,
      rms_norm_eps: 1e-6,
      rope_parameters: { rope_type: "default", rope_theta: 1e6 },
      tie_word_embeddings: true,
    },
    loss: 2.79188878,
    // deno-fmt-ignore
    logits: [
      -0.3655363, 0.6076054, 0.3046932, -0.1987896, -0.2672003, -0.5678457, 0.7304985, 0.0216574,
      0.0019737, -0.3345777, 0.4695528,
    ],
  },
  {
    name: "llama with the rotary scaling of Llama 3",
    config: {
      ...SHARED,
      model_type: "llama",
      hidden_size: 16,
      intermediate_size: 12,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
      rope_scaling: {
        rope_type: "llama3",
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 64,
      },
      tie_word_embeddings: true,
    },
    loss: 2.742430526,
    // deno-fmt-ignore
    logits: [
      0.2972437, 0.0659969, 3.0022197, 0.9752744, -0.98075, 1.8625163, 0.2444975, -0.3391239,
      0.9015041, 2.1564888, -0.4902222,
    ],
  },
  {
    name: "llama with biases everywhere",
    config: {
      ...SHARED,
      model_type: "llama",
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      rms_norm_eps: 1e-6,
      attention_bias: true,
      mlp_bias: true,
    },
    loss: 2.601056113,
    // deno-fmt-ignore
    logits: [
      0.5159938, -0.9325162, 1.4749761, 1.4846624, -0.3198853, -0.4597168, 1.0427569, -0.6072163,
      -0.3082538, -0.2670349, -0.6248455,
    ],
  },
];
