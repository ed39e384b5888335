import { type Device, downloadF32 } from "@pare/linalg";
import { checkOptions, type Checks, integer, number, randomUniform } from "@pare/tensor";
import { bindModel, type BoundModel, runModel } from "./bind_model.ts";
import { abortSignal, checkFinite, integers, objectWith } from "./checks.ts";
import type { Tokens } from "./embed.ts";
import { createKvCache, type KvCache } from "./kv_cache.ts";
import type { Model } from "./model.ts";
import { openDevice } from "./open_device.ts";
import { sampleToken, type SamplingOptions } from "./sample_token.ts";

/** Options of {@linkcode generate}. */
export interface GenerateOptions extends SamplingOptions {
  /**
   * How many tokens to generate at most; the context ends it too.
   *
   * @default {128}
   */
  maxTokens?: number;
  /**
   * Which random numbers to draw with, an integer from 0 to 2^53 - 1.
   *
   * @default {0}
   */
  seed?: number;
  /** Tokens that end the text; the configuration's by default. They are not returned. */
  stopTokens?: readonly number[];
  /**
   * Keys and values that stand before the prompt and take those of the new tokens; the caller frees
   * it. One of its own by default.
   */
  cache?: KvCache;
  /** Where to run a model that is not bound; a WebAssembly device of one's own by default. */
  device?: Device;
  /** Stops before the next token. */
  signal?: AbortSignal;
}

const GENERATE_CHECKS: Checks<GenerateOptions> = {
  temperature: number(0, 100),
  topK: integer(1),
  topP: number(Number.MIN_VALUE, 1),
  maxTokens: integer(0),
  seed: integer(0),
  stopTokens: integers(0),
  cache: objectWith("a cache of keys and values", "attend", "advance"),
  device: objectWith("a device", "upload", "download", "scope"),
  signal: abortSignal(),
};

/**
 * Continues a text, token by token.
 *
 * The same model, prompt, options and device description give the same tokens.
 *
 * @example Three more tokens, the same each time
 * ```ts
 * import { createReferenceDevice } from "@pare/linalg";
 * import { generate, parseConfig, randomModel } from "@pare/model";
 * import { assertEquals } from "@std/assert";
 *
 * const model = randomModel(parseConfig({
 *   model_type: "llama", vocab_size: 8, hidden_size: 4, intermediate_size: 6,
 *   num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 16,
 * }, "tiny"));
 * using device = createReferenceDevice();
 * const options = { device, maxTokens: 3, temperature: 0.8, seed: 1 };
 * const tokens = await Array.fromAsync(generate(model, [1, 2], options));
 * assertEquals(tokens.length, 3);
 * assertEquals(await Array.fromAsync(generate(model, [1, 2], options)), tokens);
 * ```
 *
 * @param model The model; bind it once if it is to continue several texts.
 * @param prompt The tokens to continue, at least one.
 * @param options How to choose tokens, and when to stop.
 * @returns The new tokens, each as soon as it is chosen.
 * @throws {RangeError} If an option is out of range, the prompt is empty or too long, a token
 * unknown, or a logit not finite.
 * @throws {TypeError} If an option is unknown.
 */
export async function* generate(
  model: Model | BoundModel,
  prompt: Tokens,
  options: GenerateOptions = {},
): AsyncGenerator<number, void, void> {
  checkOptions("Cannot generate", options, GENERATE_CHECKS);
  if ("blocks" in model) yield* continued(model, prompt, options);
  else {
    using device = await openDevice(options.device);
    using bound = await bindModel(model, device);
    yield* continued(bound, prompt, options);
  }
}

async function* continued(
  model: BoundModel,
  prompt: Tokens,
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  const { config } = model;
  const { maxTokens = 128, seed = 0, stopTokens = config.eosTokenIds } = options;
  using own = options.cache ? null : createKvCache(config, model.device);
  const cache = options.cache ?? own;
  if (!cache) return;
  let tokens = prompt;
  for (let count = 0; count < maxTokens; count++) {
    if (count > 0 && cache.length >= config.maxPositions) return;
    options.signal?.throwIfAborted();
    const logits = await lastLogits(model, tokens, cache);
    const [uniform] = randomUniform([1], { seed, stream: cache.length }).data;
    const token = sampleToken(logits, uniform, options);
    if (stopTokens.includes(token)) return;
    yield token;
    tokens = [token];
  }
}

/** Runs the tokens and computes what may follow the last one. */
async function lastLogits(
  model: BoundModel,
  tokens: Tokens,
  cache: KvCache,
): Promise<Float32Array> {
  using scope = model.device.scope();
  const hidden = await runModel(model, [tokens], { device: scope, cache });
  const rows = scope.reshape(hidden, hidden.shape.slice(1));
  const last = scope.slice(rows, { row: tokens.length - 1 });
  const { data } = await downloadF32(scope, model.head.logits(last, scope));
  checkFinite(`Cannot generate with ${model.name}`, "every logit", data);
  return data;
}
