// The models of the test material. The numbers were worked out by a program in numpy that shares
// nothing with this package: it reads the files by their layout and orders the rows of queries and
// keys by a reshape to [heads, half, 2, columns] and a transposition.

import { assert, assertEquals } from "@std/assert";
import { toF32 } from "@pare/tensor";
import { bytesSource } from "../bytes_source.ts";
import type { CheckpointSource } from "../source.ts";
import { HAS_SHARED, readShared } from "#shared";
import { openLlama2c } from "./open_llama2c.ts";

/**
 * A weight's name and shape, the element at a third of its length, the last but one, and the sum of
 * all elements, each multiplied with its place (from 1 on) modulo 1009.
 */
type Golden = readonly [
  name: string,
  shape: number[],
  third: number,
  lastButOne: number,
  weightedSum: number,
];

interface RealModel {
  /** The length of the file. */
  bytes: number;
  /** The seven integers of its header. */
  sizes: number[];
  /** Two weights that all models have, and those of the last layer. */
  weights: readonly Golden[];
}

const MODELS: Readonly<Record<string, RealModel>> = {
  "stories260K.bin": {
    bytes: 1_056_540,
    sizes: [64, 172, 5, 8, 4, 512, 512],
    weights: [
      [
        "model.embed_tokens.weight",
        [512, 64],
        -0.23212483525276184,
        -0.16485778987407684,
        -370647.1485033434,
      ],
      ["model.norm.weight", [64], 2.0146048069000244, 1.4526383876800537, 3687.625367999077],
      [
        "model.layers.4.input_layernorm.weight",
        [64],
        1.062024712562561,
        1.1300727128982544,
        2511.228495657444,
      ],
      [
        "model.layers.4.post_attention_layernorm.weight",
        [64],
        1.1249830722808838,
        0.9927387833595276,
        2166.170496225357,
      ],
      [
        "model.layers.4.self_attn.q_proj.weight",
        [64, 64],
        -0.050351064652204514,
        0.0033121579326689243,
        1009.6658077769366,
      ],
      [
        "model.layers.4.self_attn.k_proj.weight",
        [32, 64],
        -0.19030602276325226,
        -0.3751862049102783,
        2004.0896911006867,
      ],
      [
        "model.layers.4.self_attn.v_proj.weight",
        [32, 64],
        -0.05545589700341225,
        -0.06762246042490005,
        -919.4538016232182,
      ],
      [
        "model.layers.4.self_attn.o_proj.weight",
        [64, 64],
        0.011680192314088345,
        -0.020846612751483917,
        7199.95509314262,
      ],
      [
        "model.layers.4.mlp.gate_proj.weight",
        [172, 64],
        0.07082147896289825,
        -0.13737137615680695,
        1246.6281638087676,
      ],
      [
        "model.layers.4.mlp.down_proj.weight",
        [64, 172],
        -0.025366855785250664,
        -0.00976563524454832,
        13310.315026714992,
      ],
      [
        "model.layers.4.mlp.up_proj.weight",
        [172, 64],
        0.09253136068582535,
        0.282762736082077,
        -9025.048980403286,
      ],
    ],
  },
  "stories3M-q80.bin": {
    bytes: 3_352_576,
    sizes: [192, 512, 6, 6, 2, 4096, 512],
    weights: [
      [
        "model.embed_tokens.weight",
        [4096, 192],
        0.006470599677413702,
        -0.00818227045238018,
        -758853.0794910354,
      ],
      ["model.norm.weight", [192], 7.379199504852295, 6.679482936859131, 136717.74249053],
      [
        "model.layers.5.input_layernorm.weight",
        [192],
        1.7510079145431519,
        1.997471809387207,
        35291.29206240177,
      ],
      [
        "model.layers.5.post_attention_layernorm.weight",
        [192],
        1.7878426313400269,
        1.9556832313537598,
        34117.94259309769,
      ],
      [
        "model.layers.5.self_attn.q_proj.weight",
        [192, 192],
        -0.017161967232823372,
        0.011996515095233917,
        -5301.963368544064,
      ],
      [
        "model.layers.5.self_attn.k_proj.weight",
        [64, 192],
        0.027538057416677475,
        0.09248068928718567,
        -1706.695552213845,
      ],
      [
        "model.layers.5.self_attn.v_proj.weight",
        [64, 192],
        0.0036311540752649307,
        -0.001342722331173718,
        -2162.588438272709,
      ],
      [
        "model.layers.5.self_attn.o_proj.weight",
        [192, 192],
        -0.020741479471325874,
        -0.017931047827005386,
        -2967.651643927762,
      ],
      [
        "model.layers.5.mlp.gate_proj.weight",
        [512, 192],
        -0.03251836448907852,
        0.03620471805334091,
        19785.79190855773,
      ],
      [
        "model.layers.5.mlp.down_proj.weight",
        [192, 512],
        0.05888805538415909,
        -0.04597986489534378,
        1162.0247960090055,
      ],
      [
        "model.layers.5.mlp.up_proj.weight",
        [512, 192],
        0.050577227026224136,
        -0.013216535560786724,
        -128.54876714054262,
      ],
    ],
  },
  "babyllama-tok105-model5000.bin": {
    bytes: 3_762_204,
    sizes: [128, 352, 5, 8, 4, 105, 256],
    weights: [
      [
        "model.embed_tokens.weight",
        [105, 128],
        0.08377184718847275,
        -0.19420643150806427,
        3223.10245461456,
      ],
      ["model.norm.weight", [128], 1.4166862964630127, 1.4660944938659668, 12070.334469795227],
      [
        "model.layers.4.input_layernorm.weight",
        [128],
        1.0575828552246094,
        1.0584713220596313,
        8692.274132728577,
      ],
      [
        "model.layers.4.post_attention_layernorm.weight",
        [128],
        1.132218599319458,
        1.152761459350586,
        9400.506323575974,
      ],
      [
        "model.layers.4.self_attn.q_proj.weight",
        [128, 128],
        -0.06355050206184387,
        0.035365574061870575,
        -1508.1046395911296,
      ],
      [
        "model.layers.4.self_attn.k_proj.weight",
        [64, 128],
        -0.03077331930398941,
        -0.0012662732042372227,
        553.2037980772357,
      ],
      [
        "model.layers.4.self_attn.v_proj.weight",
        [64, 128],
        -0.014176084659993649,
        -0.014703107066452503,
        -964.0554469876008,
      ],
      [
        "model.layers.4.self_attn.o_proj.weight",
        [128, 128],
        -0.0006531094550155103,
        -0.005790204741060734,
        -76.46653203881169,
      ],
      [
        "model.layers.4.mlp.gate_proj.weight",
        [352, 128],
        0.014426612295210361,
        -0.027336250990629196,
        2215.8458611994674,
      ],
      [
        "model.layers.4.mlp.down_proj.weight",
        [128, 352],
        -0.04410732164978981,
        -0.027663622051477432,
        283.504303385545,
      ],
      [
        "model.layers.4.mlp.up_proj.weight",
        [352, 128],
        -0.038244813680648804,
        0.02728135883808136,
        -283.59901960078275,
      ],
    ],
  },
};

const open = async (file: string): Promise<CheckpointSource> =>
  openLlama2c(bytesSource(await readShared(`models/${file}`), file));

for (const [file, { bytes, sizes, weights }] of Object.entries(MODELS)) {
  Deno.test({
    name: `openLlama2c() reads ${file} as numpy does${HAS_SHARED ? "" : " (no ../shared/data)"}`,
    ignore: !HAS_SHARED,
    fn: async () => {
      assertEquals((await readShared(`models/${file}`)).length, bytes);
      const { config, tensors } = await open(file);
      const fields = [
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
      ];
      fields.push("num_key_value_heads", "vocab_size", "max_position_embeddings");
      assertEquals(fields.map((field) => config[field]), sizes);
      assertEquals(config.tie_word_embeddings, true);
      assertEquals(tensors.specs.size, 2 + 9 * sizes[2]);
      for (const [name, shape, third, lastButOne, weightedSum] of weights) {
        const { data, shape: actualShape } = toF32(await tensors.read(name));
        assertEquals(actualShape, shape, name);
        assertEquals(data[Math.floor(data.length / 3)], third, name);
        assertEquals(data[data.length - 2], lastButOne, name);
        let sum = 0;
        let magnitude = 0;
        for (const [i, value] of data.entries()) {
          sum += value * ((i + 1) % 1009);
          magnitude += Math.abs(value) * ((i + 1) % 1009);
        }
        // A sum of n terms in f64, in any order, is off by at most n roundings of their magnitude.
        const bound = 2 * data.length * 2 ** -53 * magnitude;
        assert(Math.abs(sum - weightedSum) <= bound, `${name}: ${sum}`);
      }
    },
  });
}

Deno.test({
  name: `openLlama2c() reads the same from versions 0 and 1${
    HAS_SHARED ? "" : " (no ../shared/data)"
  }`,
  ignore: !HAS_SHARED,
  fn: async () => {
    const [a, b] = [await open("stories260K.bin"), await open("stories260K-v1export.bin")];
    assertEquals(a.config, b.config);
    assertEquals([...a.tensors.specs.keys()].sort(), [...b.tensors.specs.keys()].sort());
    for (const name of a.tensors.specs.keys()) {
      assertEquals(await a.tensors.read(name), await b.tensors.read(name), name);
    }
  },
});
