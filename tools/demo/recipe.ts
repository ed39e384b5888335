// What the demo model is and how it is trained.

/** How a model is trained. */
export interface TrainingRecipe {
  /** Which initial weights and which texts. */
  readonly seed: number;
  /** Steps of the optimizer. */
  readonly steps: number;
  /** Windows in one step. */
  readonly windows: number;
  /** Tokens in a window. */
  readonly windowLength: number;
  /** Into how many batches a step is cut, which bounds its memory; divides `windows`. */
  readonly microBatches: number;
  /** Steps over which the learning rate rises. */
  readonly warmupSteps: number;
  /** The highest learning rate. */
  readonly learningRate: number;
  /** Steps at the end in which it falls to nothing. */
  readonly cooldownSteps: number;
  /** β₁ of AdamW. */
  readonly beta1: number;
  /** β₂ of AdamW. */
  readonly beta2: number;
  /** How fast matrices decay, in units of the learning rate; vectors do not. */
  readonly weightDecay: number;
  /** What the norm of all gradients is clipped to. */
  readonly maxNorm: number;
  /** Standard deviation of the initial weights. */
  readonly initialDeviation: number;
  /** After how many steps the loss on validation text is measured. */
  readonly heldOutEvery: number;
  /** Windows of validation text for each domain. */
  readonly heldOutWindows: number;
}

/** The size of the vocabulary, the token of the end of text included. */
export const VOCABULARY_SIZE = 1024;

/** The token that begins and ends a text: the tokenizer's first. */
const END_OF_TEXT = 0;

/**
 * The model's `config.json`: the proportions of SmolLM in small, with grouped heads and an
 * embedding that is the head as well.
 *
 * @param recipe How it will be trained.
 * @returns What the file says.
 */
export function demoConfig(recipe: TrainingRecipe): Readonly<Record<string, unknown>> {
  return {
    architectures: ["LlamaForCausalLM"],
    attention_bias: false,
    bos_token_id: END_OF_TEXT,
    eos_token_id: END_OF_TEXT,
    head_dim: 32,
    hidden_act: "silu",
    hidden_size: 128,
    initializer_range: recipe.initialDeviation,
    intermediate_size: 384,
    max_position_embeddings: recipe.windowLength,
    mlp_bias: false,
    model_type: "llama",
    num_attention_heads: 4,
    num_hidden_layers: 8,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-5,
    rope_scaling: null,
    rope_theta: 10000,
    tie_word_embeddings: true,
    torch_dtype: "bfloat16",
    use_cache: true,
    vocab_size: VOCABULARY_SIZE,
  };
}

/** How the demo model is trained unless flags say otherwise. */
export const DEMO_RECIPE: TrainingRecipe = {
  seed: 1,
  steps: 10000,
  windows: 16,
  windowLength: 256,
  microBatches: 2,
  warmupSteps: 200,
  cooldownSteps: 3000,
  learningRate: 3e-3,
  beta1: 0.9,
  beta2: 0.95,
  weightDecay: 0.1,
  maxNorm: 1,
  initialDeviation: 0.06,
  heldOutEvery: 100,
  heldOutWindows: 16,
};
