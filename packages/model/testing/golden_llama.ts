// A Llama of one block whose loss and gradients an independent program in f64 has computed, checked
// by central differences: ../shared/specs/decomposition-projection.md, section 11.6.

import { type Tensor, tensor } from "@pare/tensor";
import type { ModelConfig } from "../config.ts";
import { parseConfig } from "../parse_config.ts";

/** What the model reads. */
export const INPUTS: readonly number[] = [0, 3, 1];

/** What comes after each token. */
export const TARGETS: Uint32Array<ArrayBuffer> = Uint32Array.of(3, 1, 4);

const BLOCK = "model.layers.0.";

/** The names of the matrices, in the order in which they are numbered. */
const MATRICES: readonly [name: string, rows: number, cols: number][] = [
  ["model.embed_tokens.weight", 5, 4],
  [`${BLOCK}self_attn.q_proj.weight`, 4, 4],
  [`${BLOCK}self_attn.k_proj.weight`, 2, 4],
  [`${BLOCK}self_attn.v_proj.weight`, 2, 4],
  [`${BLOCK}self_attn.o_proj.weight`, 4, 4],
  [`${BLOCK}mlp.gate_proj.weight`, 6, 4],
  [`${BLOCK}mlp.up_proj.weight`, 6, 4],
  [`${BLOCK}mlp.down_proj.weight`, 4, 6],
  ["lm_head.weight", 5, 4],
];

const GAINS: readonly [name: string, gain: readonly number[]][] = [
  [`${BLOCK}input_layernorm.weight`, [1, 1.1, 1.2, 1.3]],
  [`${BLOCK}post_attention_layernorm.weight`, [1, 0.95, 0.9, 0.85]],
  ["model.norm.weight", [1, 0.9, 1.1, 1.2]],
];

/** The configuration, or that of a narrower model with the same heads. */
export function goldenConfig(hiddenSize = 4, intermediateSize = 6): ModelConfig {
  return parseConfig({
    model_type: "llama",
    vocab_size: 5,
    hidden_size: hiddenSize,
    intermediate_size: intermediateSize,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 2,
    max_position_embeddings: 8,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
  }, "golden");
}

/** All tensors: entry (i, j) of matrix t is sin(1 + 0.37 t + 0.9 i + 1.7 j) / 2. */
export function goldenTensors(): Map<string, Tensor<"f64">> {
  const matrices = MATRICES.map(([name, rows, cols], t): [string, Tensor<"f64">] => {
    const data = Float64Array.from({ length: rows * cols }, (_, at) => {
      const [i, j] = [Math.floor(at / cols), at % cols];
      return 0.5 * Math.sin(1 + 0.37 * t + 0.9 * i + 1.7 * j);
    });
    return [name, tensor(data, [rows, cols])];
  });
  const gains = GAINS.map(([name, gain]): [string, Tensor<"f64">] => [
    name,
    tensor(Float64Array.from(gain), [gain.length]),
  ]);
  return new Map([...matrices, ...gains]);
}

/** The loss. */
export const LOSS = 1.3605044512531943;

/** The logits of the first token. */
export const LOGITS: readonly number[] = [0.555578, 0.001867, -0.553256, -0.689687, -0.304176];

/** The norms of the gradients. */
export const GRADIENT_NORMS: Readonly<Record<string, number>> = {
  "model.embed_tokens.weight": 0.8412357153493019,
  [`${BLOCK}self_attn.q_proj.weight`]: 0.044168029715224835,
  [`${BLOCK}self_attn.k_proj.weight`]: 0.03749820714641832,
  [`${BLOCK}self_attn.v_proj.weight`]: 0.1766113725275909,
  [`${BLOCK}self_attn.o_proj.weight`]: 1.0655026158513508,
  [`${BLOCK}mlp.gate_proj.weight`]: 0.615861563372909,
  [`${BLOCK}mlp.up_proj.weight`]: 0.46222565771996504,
  [`${BLOCK}mlp.down_proj.weight`]: 0.8976573532729317,
  "lm_head.weight": 1.056723501955079,
  [`${BLOCK}input_layernorm.weight`]: 0.05307269597306244,
  [`${BLOCK}post_attention_layernorm.weight`]: 0.5150058066718896,
  "model.norm.weight": 0.24782405052408044,
};

/** A trained projection of the model: what each matrix becomes, P_out W P_in + aux. */
export const PROJECTIONS: readonly [
  letter: string,
  name: string,
  out: "hidden" | "intermediate" | null,
  into: "hidden" | "intermediate" | null,
][] = [
  ["E", "model.embed_tokens.weight", null, "hidden"],
  ["H", "lm_head.weight", null, "hidden"],
  ["q.0", `${BLOCK}self_attn.q_proj.weight`, null, "hidden"],
  ["k.0", `${BLOCK}self_attn.k_proj.weight`, null, "hidden"],
  ["v.0", `${BLOCK}self_attn.v_proj.weight`, null, "hidden"],
  ["o.0", `${BLOCK}self_attn.o_proj.weight`, "hidden", null],
  ["g.0", `${BLOCK}mlp.gate_proj.weight`, "intermediate", "hidden"],
  ["u.0", `${BLOCK}mlp.up_proj.weight`, "intermediate", "hidden"],
  ["d.0", `${BLOCK}mlp.down_proj.weight`, "hidden", "intermediate"],
];

/** The names of the gains, as projections call them. */
export const PROJECTED_GAINS: readonly [letter: string, name: string][] = [
  ["n1.0", `${BLOCK}input_layernorm.weight`],
  ["n2.0", `${BLOCK}post_attention_layernorm.weight`],
  ["nf", "model.norm.weight"],
];

/** Which channels a projection to widths 3 and 4 begins with. */
export const KEPT: Readonly<Record<"hidden" | "intermediate", readonly number[]>> = {
  hidden: [0, 1, 2],
  intermediate: [1, 2, 4, 5],
};

/** The loss of the pruned model, which is that of its projection at the start. */
export const PRUNED_LOSS = 0.9967258801368791;

/** The loss when entry a of parameter q, in the order of their names, has 0.1 cos(0.3 q + 0.7 a) added. */
export const PERTURBED_LOSS = 0.900356106750639;

/** The norms of the gradients then. */
export const PERTURBED_NORMS: Readonly<Record<string, number>> = {
  "E.aux": 0.819364243948929,
  "E.in": 0.5107117168191181,
  "H.aux": 0.6442861681779012,
  "H.in": 0.4448133293437698,
  "d.0.aux": 0.5307348301414139,
  "d.0.in": 0.6031749473320952,
  "d.0.out": 0.4649660925471566,
  "g.0.aux": 0.5004144123278539,
  "g.0.in": 0.4532482475558788,
  "g.0.out": 0.5411477292449136,
  "k.0.aux": 0.1524786670093145,
  "k.0.in": 0.13746588231488543,
  "n1.0": 0.13354113568433507,
  "n2.0": 0.6365072151204102,
  "nf": 0.2602683541877893,
  "o.0.aux": 0.7760669607392046,
  "o.0.out": 0.09107719618080119,
  "q.0.aux": 0.10672499853203855,
  "q.0.in": 0.09625031562086346,
  "u.0.aux": 0.49004885176338825,
  "u.0.in": 0.446475144024041,
  "u.0.out": 0.66122163105921,
  "v.0.aux": 0.23283274719405742,
  "v.0.in": 0.173339338567197,
};
