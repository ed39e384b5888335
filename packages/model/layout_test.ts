import { assert, assertEquals, assertThrows } from "@std/assert";
import { ARCHITECTURES, INPUT_GROUPS } from "./architecture.ts";
import type { ModelFamily } from "./config.ts";
import {
  blockName,
  linearNames,
  linearsOfBlock,
  parameterCount,
  tensorSpecs,
  topLevel,
  vectorsOfBlock,
} from "./layout.ts";
import { parseConfig } from "./parse_config.ts";
import { FAMILIES } from "./testing/families.ts";

// Published configurations, and the parameter counts that come with the models.
const PUBLISHED: readonly [
  name: string,
  fields: readonly [
    family: ModelFamily,
    vocabulary: number,
    hidden: number,
    intermediate: number,
    layers: number,
    heads: number,
    kvHeads: number,
    headSize: number,
    tied: boolean,
  ],
  parameters: number,
][] = [
  ["Llama-3.2-1B", ["llama", 128256, 2048, 8192, 16, 32, 8, 64, true], 1_235_814_400],
  ["Llama-2-7b", ["llama", 32000, 4096, 11008, 32, 32, 32, 128, false], 6_738_415_616],
  ["Mistral-7B-v0.1", ["mistral", 32000, 4096, 14336, 32, 32, 8, 128, false], 7_241_732_096],
  ["Qwen2.5-0.5B", ["qwen2", 151936, 896, 4864, 24, 14, 2, 64, true], 494_032_768],
  ["Qwen3-0.6B", ["qwen3", 151936, 1024, 3072, 28, 16, 8, 128, true], 596_049_920],
];

for (const [name, fields, parameters] of PUBLISHED) {
  Deno.test(`parameterCount() counts what ${name} has`, () => {
    const [family, vocabulary, hidden, intermediate, layers, heads, kvHeads, size, tied] = fields;
    const config = parseConfig({
      model_type: family,
      vocab_size: vocabulary,
      hidden_size: hidden,
      intermediate_size: intermediate,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: kvHeads,
      head_dim: size,
      max_position_embeddings: 4096,
      tie_word_embeddings: tied,
    }, name);
    assertEquals(parameterCount(config), parameters);
  });
}

Deno.test("tensorSpecs() names the tensors of a qwen3 block as they are on disk", () => {
  const config = parseConfig({
    ...FAMILIES[3].config,
    num_hidden_layers: 1,
    tie_word_embeddings: false,
  }, "qwen3");
  assertEquals(
    tensorSpecs(config),
    new Map([
      ["model.embed_tokens.weight", [11, 10]],
      ["model.layers.0.self_attn.q_proj.weight", [24, 10]],
      ["model.layers.0.self_attn.k_proj.weight", [24, 10]],
      ["model.layers.0.self_attn.v_proj.weight", [24, 10]],
      ["model.layers.0.self_attn.o_proj.weight", [10, 24]],
      ["model.layers.0.mlp.gate_proj.weight", [14, 10]],
      ["model.layers.0.mlp.up_proj.weight", [14, 10]],
      ["model.layers.0.mlp.down_proj.weight", [10, 14]],
      ["model.layers.0.input_layernorm.weight", [10]],
      ["model.layers.0.post_attention_layernorm.weight", [10]],
      ["model.layers.0.self_attn.q_norm.weight", [8]],
      ["model.layers.0.self_attn.k_norm.weight", [8]],
      ["model.norm.weight", [10]],
      ["lm_head.weight", [11, 10]],
    ]),
  );
});

for (const { name, config: json } of FAMILIES) {
  Deno.test(`linearsOfBlock() and vectorsOfBlock() make up all blocks of ${name}`, () => {
    const config = parseConfig(json, name);
    const { embedding, finalNorm, head } = topLevel(config);
    const names = [`${embedding.name}.weight`];
    for (let index = 0; index < config.layers; index++) {
      names.push(...linearsOfBlock(config, index).map(({ name }) => `${name}.weight`));
      names.push(...vectorsOfBlock(config, index).map(({ name }) => name));
    }
    names.push(finalNorm.name);
    if (!config.tiedEmbeddings) names.push(`${head.name}.weight`);
    assertEquals([...tensorSpecs(config).keys()], names);
    assertEquals(linearNames(config).length, 7 * config.layers);
    assertEquals(head.name === embedding.name, config.tiedEmbeddings);
  });

  Deno.test(`linearsOfBlock() gives one width to all that read the same input: ${name}`, () => {
    const linears = linearsOfBlock(parseConfig(json, name), 0);
    for (const group of INPUT_GROUPS) {
      const widths = linears.filter(({ input }) => input === group).map(({ shape }) => shape[1]);
      assert(widths.length > 0);
      assertEquals(new Set(widths).size, 1);
    }
  });
}

Deno.test("vectorsOfBlock() has the biases of a family, as long as their layers are wide", () => {
  const config = parseConfig(FAMILIES[2].config, "qwen2");
  assertEquals(
    vectorsOfBlock(config, 1).filter(({ role }) => role.endsWith("Bias")),
    [
      {
        role: "qBias",
        name: "model.layers.1.self_attn.q_proj.bias",
        axis: "query",
        length: 12,
      },
      {
        role: "kBias",
        name: "model.layers.1.self_attn.k_proj.bias",
        axis: "keyValue",
        length: 6,
      },
      {
        role: "vBias",
        name: "model.layers.1.self_attn.v_proj.bias",
        axis: "keyValue",
        length: 6,
      },
    ],
  );
});

Deno.test("ARCHITECTURES gives every role of a family once", () => {
  for (const { linears, norms } of Object.values(ARCHITECTURES)) {
    const roles = [...linears, ...norms].map(({ role }) => role);
    assertEquals(new Set(roles).size, roles.length);
  }
});

Deno.test("blockName() refuses a block that is not there", () => {
  const config = parseConfig(FAMILIES[0].config, "llama");
  assertEquals(blockName(config, 1), "model.layers.1");
  for (const index of [-1, 2, 0.5, NaN]) {
    assertThrows(() => blockName(config, index), RangeError, `current value is ${index}`);
  }
});
