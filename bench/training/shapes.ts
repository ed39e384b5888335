// The models whose steps are measured, their weights and their text.

import { type ModelConfig, parseConfig, randomModel, tensorSpecs } from "@pare/model";
import { philox, sizeOf, type Tensor } from "@pare/tensor";

/** A model, and how much text a step takes. */
export interface TrainingShape {
  readonly name: string;
  readonly config: ModelConfig;
  /** Windows in a step. */
  readonly windows: number;
  /** Tokens in a window. */
  readonly tokens: number;
  /** Whether jax-js has room for a step, in 4 GiB. */
  readonly fitsJax: boolean;
}

/** Windows of tokens, and for each token the one that comes next. */
export interface Batch {
  /** `windows` of `tokens` each. */
  readonly inputs: readonly Uint32Array<ArrayBuffer>[];
  readonly targets: readonly Uint32Array<ArrayBuffer>[];
}

/** Everyone's weights, in f32, by the names of `tensorSpecs`. */
export type Weights = ReadonlyMap<string, Tensor>;

/** What is told of a Llama whose embedding is its head, too. */
interface LlamaShape {
  readonly layers: number;
  readonly width: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly windows: number;
  readonly tokens: number;
  readonly fitsJax?: boolean;
}

function llama(name: string, shape: LlamaShape): TrainingShape {
  const config = parseConfig({
    model_type: "llama",
    vocab_size: shape.vocabulary,
    hidden_size: shape.width,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    max_position_embeddings: shape.tokens,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    hidden_act: "silu",
  }, name);
  const { windows, tokens, fitsJax = true } = shape;
  return { name, config, windows, tokens, fitsJax };
}

/** The models by name. */
export const SHAPES: Readonly<Record<"llama" | "demo" | "tiny", TrainingShape>> = {
  /** The one that speed is claimed for. */
  llama: llama("llama, 4 layers of 256", {
    layers: 4,
    width: 256,
    intermediate: 768,
    heads: 8,
    kvHeads: 4,
    vocabulary: 2048,
    windows: 8,
    tokens: 256,
  }),
  /** About the demo model. */
  demo: llama("demo, 8 layers of 128", {
    layers: 8,
    width: 128,
    intermediate: 384,
    heads: 4,
    kvHeads: 2,
    vocabulary: 1024,
    windows: 32,
    tokens: 256,
    fitsJax: false,
  }),
  /** Small enough for a test; no width is a power of two. */
  tiny: llama("tiny, 2 layers of 24", {
    layers: 2,
    width: 24,
    intermediate: 40,
    heads: 6,
    kvHeads: 2,
    vocabulary: 37,
    windows: 3,
    tokens: 11,
  }),
};

/** The weights that everyone starts from: matrices of variance 1 / cols, gains around 1. */
export async function weightsOf({ config }: TrainingShape): Promise<Weights> {
  const model = randomModel(config, { seed: 1 });
  const weights = new Map<string, Tensor>();
  for (const [name, shape] of tensorSpecs(config)) {
    const read = shape.length === 1
      ? await model.vector(name)
      : (await model.linear(name.replace(/\.weight$/, ""))).weight;
    if (read.dtype !== "f32") {
      throw new TypeError(
        `Cannot train ${name} as its dtype must be f32: current is ${read.dtype}`,
      );
    }
    weights.set(name, read);
  }
  return weights;
}

/** Text of tokens that are drawn at random: speed does not depend on them. */
export function batchOf({ config, windows, tokens }: TrainingShape): Batch {
  const text = Array.from({ length: windows }, (_, window) => {
    return Uint32Array.from({ length: tokens + 1 }, (_, i) => {
      return philox([i, window, 0, 0], [1, 0])[0] % config.vocabularySize;
    });
  });
  return {
    inputs: text.map((window) => window.slice(0, -1)),
    targets: text.map((window) => window.slice(1)),
  };
}

/** The floating-point operations of a step, counted as those of products. */
export interface StepFlops {
  /** Of linear layers: twice a weight and token forward, and twice that backward. */
  readonly linear: number;
  /**
   * Of attention, where only earlier tokens count: two products forward; backward five, as scores
   * are computed anew.
   */
  readonly attention: number;
}

/** Counts the floating-point operations of a step. */
export function flopsOf({ config, windows, tokens }: TrainingShape): StepFlops {
  let weights = config.tiedEmbeddings ? config.vocabularySize * config.hiddenSize : 0;
  for (const [name, shape] of tensorSpecs(config)) {
    // An embedding is looked up; as a head it was counted above.
    if (shape.length === 2 && !name.includes("embed_tokens")) weights += sizeOf(shape);
  }
  const pairs = windows * tokens * (tokens + 1) / 2;
  const product = 2 * pairs * config.heads * config.headSize;
  return {
    linear: 6 * windows * tokens * weights,
    attention: 7 * config.layers * product,
  };
}
