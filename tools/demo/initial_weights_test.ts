import { assert, assertEquals } from "@std/assert";
import { parseConfig, tensorSpecs } from "@pare/model";
import { initialWeights } from "./initial_weights.ts";

const CONFIG = parseConfig({
  model_type: "llama",
  vocab_size: 64,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 8,
  tie_word_embeddings: true,
}, "tiny");

Deno.test("initialWeights() has the deviation asked for, and less where the residual is written", () => {
  const weights = initialWeights(CONFIG, { seed: 1, deviation: 0.05 });
  assertEquals([...weights.keys()], [...tensorSpecs(CONFIG).keys()]);
  for (const [name, { shape, data }] of weights) {
    if (shape.length === 1) {
      assert(data.every((value) => value === 1), name);
      continue;
    }
    const wanted = /o_proj|down_proj/.test(name) ? 0.05 / 2 : 0.05;
    const deviation = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
    // The deviation of n normal numbers is off by 1/√(2n) of itself; six times that.
    const bound = 6 * wanted / Math.sqrt(2 * data.length);
    assert(Math.abs(deviation - wanted) < bound, `${name}: ${deviation}`);
  }
});

Deno.test("initialWeights() repeats itself for a seed, and no tensor is another one's copy", () => {
  const options = { seed: 1, deviation: 0.02 };
  const weights = initialWeights(CONFIG, options);
  assertEquals(initialWeights(CONFIG, options), weights);
  const firsts = [...weights.values()].filter(({ shape }) => shape.length > 1)
    .map(({ data }) => data[0]);
  assertEquals(new Set(firsts).size, firsts.length);
  const other = initialWeights(CONFIG, { ...options, seed: 2 });
  assert(other.get("model.embed_tokens.weight")?.data[0] !== firsts[0]);
});
