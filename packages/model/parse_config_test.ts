import { FormatError } from "@pare/tensor";
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseConfig } from "./parse_config.ts";

const LLAMA = {
  model_type: "llama",
  vocab_size: 128256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  rope_scaling: {
    rope_type: "llama3",
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
  hidden_act: "silu",
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: true,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
  torch_dtype: "bfloat16",
};

const SMALL = {
  model_type: "llama",
  vocab_size: 512,
  hidden_size: 64,
  intermediate_size: 172,
  num_hidden_layers: 5,
  num_attention_heads: 8,
  max_position_embeddings: 512,
};

Deno.test("parseConfig() reads a Llama 3.2 configuration", () => {
  assertEquals(parseConfig(LLAMA, "Llama-3.2-1B"), {
    family: "llama",
    vocabularySize: 128256,
    hiddenSize: 2048,
    intermediateSize: 8192,
    layers: 16,
    heads: 32,
    kvHeads: 8,
    headSize: 64,
    biases: [],
    maxPositions: 131072,
    normEpsilon: 1e-5,
    rotaryBase: 500000,
    rotaryScaling: {
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositions: 8192,
    },
    tiedEmbeddings: true,
    slidingWindow: null,
    bosTokenId: 128000,
    eosTokenIds: [128001, 128008, 128009],
  });
});

Deno.test("parseConfig() reads the field names of Transformers v5 as it reads the old ones", () => {
  const { rope_theta, rope_scaling, torch_dtype, ...rest } = LLAMA;
  const renamed = {
    ...rest,
    dtype: torch_dtype,
    rope_parameters: { ...rope_scaling, rope_theta },
    layer_types: Array(16).fill("full_attention"),
  };
  assertEquals(parseConfig(renamed, "new"), parseConfig(LLAMA, "old"));
  const nested = {
    model_type: "some_wrapper",
    text_config: { ...renamed, tie_word_embeddings: null },
    tie_word_embeddings: true,
  };
  assertEquals(parseConfig(nested, "nested"), parseConfig(LLAMA, "old"));
});

Deno.test("parseConfig() fills in what old configurations leave out", () => {
  const config = parseConfig(SMALL, "small");
  assertEquals(config.kvHeads, 8);
  assertEquals(config.headSize, 8);
  assertEquals(config.normEpsilon, 1e-6);
  assertEquals(config.rotaryBase, 10000);
  assertEquals(config.tiedEmbeddings, false);
  assertEquals(config.bosTokenId, null);
  assertEquals(config.eosTokenIds, []);
  assertEquals(parseConfig({ ...SMALL, model_type: "qwen3" }, "qwen3").headSize, 128);
  assertEquals(parseConfig({ ...SMALL, eos_token_id: 2 }, "small").eosTokenIds, [2]);
});

Deno.test("parseConfig() knows which linear layers have a bias", () => {
  const biases = (fields: object) => parseConfig({ ...SMALL, ...fields }, "small").biases;
  assertEquals(biases({ model_type: "qwen2" }), ["q", "k", "v"]);
  assertEquals(biases({ attention_bias: true }), ["q", "k", "v", "o"]);
  assertEquals(biases({ model_type: "qwen3", attention_bias: true }), ["q", "k", "v", "o"]);
  assertEquals(biases({ mlp_bias: true }), ["gate", "up", "down"]);
});

Deno.test("parseConfig() finds the window of every family", () => {
  const window = (fields: object) => parseConfig({ ...SMALL, ...fields }, "x").slidingWindow;
  assertEquals(window({ sliding_window: 99 }), null);
  assertEquals(window({ model_type: "mistral", sliding_window: 99 }), 99);
  assertEquals(window({ model_type: "mistral", sliding_window: null }), null);
  // Transformers takes 4096 where the field is absent.
  assertEquals(window({ model_type: "mistral" }), 4096);
  const qwen = { model_type: "qwen2", sliding_window: 99 };
  assertEquals(window(qwen), null);
  assertEquals(window({ ...qwen, use_sliding_window: false }), null);
  assertEquals(window({ ...qwen, use_sliding_window: true, max_window_layers: 5 }), null);
  assertEquals(window({ ...qwen, use_sliding_window: true, max_window_layers: 0 }), 99);
  const full = Array(5).fill("full_attention");
  const sliding = Array(5).fill("sliding_attention");
  assertEquals(window({ ...qwen, layer_types: full }), null);
  assertEquals(window({ ...qwen, use_sliding_window: true, layer_types: sliding }), 99);
});

const REFUSED: readonly [name: string, fields: object, field: string, message: string][] = [
  [
    "an unknown family",
    { model_type: "gpt2" },
    "model_type",
    `model_type must be one of "llama", "mistral", "qwen2", "qwen3": current value is "gpt2"`,
  ],
  [
    "a family named like a property of every object",
    { model_type: "constructor" },
    "model_type",
    `current value is "constructor"`,
  ],
  [
    "a width of nothing",
    { hidden_size: 0 },
    "hidden_size",
    "hidden_size must be an integer from 1 to 1048576: current value is 0",
  ],
  ["a width that is no number", { hidden_size: "64" }, "hidden_size", `value is "64"`],
  ["a missing width", { intermediate_size: undefined }, "intermediate_size", "is undefined"],
  ["an enormous vocabulary", { vocab_size: 2 ** 40 }, "vocab_size", "to 16777216"],
  [
    "key heads that do not divide",
    { num_key_value_heads: 3 },
    "num_key_value_heads",
    "num_key_value_heads must divide num_attention_heads of 8: current value is 3",
  ],
  ["more key heads than heads", { num_key_value_heads: 16 }, "num_key_value_heads", "to 8"],
  [
    "heads that do not divide the width",
    { num_attention_heads: 6, num_key_value_heads: 6 },
    "num_attention_heads",
    "num_attention_heads must divide hidden_size of 64: current value is 6",
  ],
  ["an odd head", { head_dim: 7 }, "head_dim", "must make heads of even width"],
  ["another activation", { hidden_act: "gelu" }, "hidden_act", `must be "silu"`],
  ["a partial rotary", { partial_rotary_factor: 0.5 }, "partial_rotary_factor", "must be 1"],
  [
    "other rotary scaling",
    { rope_scaling: { type: "yarn", factor: 4 } },
    "rope_scaling.type",
    `rope_scaling.type must be "default" or "llama3": current value is "yarn"`,
  ],
  [
    "rotary parameters by kind of layer",
    { rope_parameters: { full_attention: { rope_theta: 1e6 } } },
    "rope_parameters.full_attention",
    "must be absent",
  ],
  [
    "factors in the wrong order",
    { rope_scaling: { ...LLAMA.rope_scaling, high_freq_factor: 1 } },
    "rope_scaling.high_freq_factor",
    "must be above low_freq_factor of 1",
  ],
  [
    "biases that the family does not know",
    { model_type: "mistral", attention_bias: true },
    "attention_bias",
    "must be false",
  ],
  [
    "weights that are quantized already",
    { quantization_config: { quant_method: "gptq" } },
    "quantization_config",
    "must be absent",
  ],
  [
    "blocks that attend in two ways",
    { model_type: "qwen2", use_sliding_window: true, sliding_window: 9, max_window_layers: 2 },
    "max_window_layers",
    "must make all blocks attend alike",
  ],
  [
    "too few kinds of layers",
    { layer_types: ["full_attention"] },
    "layer_types",
    "must be a list of num_hidden_layers of 5",
  ],
  [
    "linear attention",
    { layer_types: Array(5).fill("linear_attention") },
    "layer_types",
    "must be full_attention or sliding_attention",
  ],
  ["an end beyond the vocabulary", { eos_token_id: [2, 512] }, "eos_token_id", "0 to 511"],
  ["a tie that is no truth value", { tie_word_embeddings: "yes" }, "tie_word_embeddings", "true"],
];

for (const [name, fields, field, message] of REFUSED) {
  Deno.test(`parseConfig() refuses ${name}`, () => {
    const error = assertThrows(
      () => parseConfig({ ...SMALL, ...fields }, "small"),
      FormatError,
      message,
    );
    assertEquals(error.field, field);
    assertEquals(error.message.startsWith("Cannot read the configuration of small as "), true);
  });
}

Deno.test("parseConfig() reads a configuration or throws a FormatError, whatever it is given", () => {
  const field = fc.constantFrom(...Object.keys(LLAMA), "text_config", "layer_types");
  const changed = fc.tuple(field, fc.jsonValue()).map(([name, value]) => ({
    ...LLAMA,
    [name]: value,
  }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), changed), (json) => {
      try {
        parseConfig(json, "fuzz");
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
});
