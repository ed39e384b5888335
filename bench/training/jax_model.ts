// A Llama with grouped heads and its loss, written with jax-js. Arrays are counted: what is used
// again is passed on as `.ref`.

import type { Jax } from "../peers/load_jax.ts";
import type { TrainingShape } from "./shapes.ts";

type Array = import("@jax-js/jax").Array;

/** Arrays by the names of `tensorSpecs`. */
export type Tree = { [name: string]: Array };

/** The loss of a batch: weights, then tokens and the next ones, int32 `[windows · tokens]`. */
export type JaxModel = (weights: Tree, inputs: Array, targets: Array) => Array;

/**
 * Into how many parts queries are cut: the keys that no query of a part may see are left out, a
 * quarter of the work for two. The most that pays; four are slower.
 */
const PARTS = 2;

/** Makes the model. */
export function createModel(
  { nn, numpy: np }: Jax,
  { config, windows, tokens }: TrainingShape,
): JaxModel {
  const { heads, kvHeads, headSize, vocabularySize, normEpsilon } = config;
  const group = heads / kvHeads;
  const half = headSize / 2;
  const { cos, sin } = rotaryTables(config, tokens);

  const linear = (x: Array, weight: Array) => np.matmul(x, weight.transpose());

  const rmsNorm = (x: Array, gain: Array) => {
    const meanSquare = np.square(x.ref).mean(-1, { keepdims: true });
    return x.mul(np.reciprocal(np.sqrt(meanSquare.add(normEpsilon)))).mul(gain);
  };

  const rotary = (x: Array, count: number) => {
    const halves = x.reshape([windows, tokens, count, 2, half]);
    const table = (data: Float32Array<ArrayBuffer>) =>
      np.array(data, { shape: [tokens, 1, 2, half] });
    return halves.ref.mul(table(cos)).add(np.flip(halves, 3).mul(table(sin)));
  };

  /** Queries of a group side by side, so that they read their keys once. */
  const attention = (q: Array, k: Array, v: Array) => {
    const queries = q.reshape([windows, tokens, kvHeads, group, headSize])
      .transpose([0, 2, 3, 1, 4]);
    const keys = k.reshape([windows, tokens, kvHeads, headSize]).transpose([0, 2, 3, 1]);
    const values = v.reshape([windows, tokens, kvHeads, headSize]).transpose([0, 2, 1, 3]);
    const rows = Math.ceil(tokens / PARTS);
    const parts: Array[] = [];
    for (let first = 0; first < tokens; first += rows) {
      const last = Math.min(tokens, first + rows);
      const matrix = [windows, kvHeads, group * (last - first)];
      const part = queries.ref.slice([], [], [], [first, last], []).reshape([...matrix, headSize]);
      const scores = np.matmul(part, keys.ref.slice([], [], [], [0, last]))
        .mul(1 / Math.sqrt(headSize))
        .reshape([windows, kvHeads, group, last - first, last]);
      const seen = np.tri(last - first, last, first, { dtype: np.bool });
      const probabilities = nn.softmax(np.where(seen, scores, -1e30), -1);
      const mixed = np.matmul(
        probabilities.reshape([...matrix, last]),
        values.ref.slice([], [], [0, last], []),
      );
      parts.push(mixed.reshape([windows, kvHeads, group, last - first, headSize]));
    }
    for (const array of [queries, keys, values]) array.dispose();
    return np.concatenate(parts, 3).transpose([0, 3, 1, 2, 4]).reshape([
      windows * tokens,
      heads * headSize,
    ]);
  };

  return (weights, inputs, targets) => {
    const weight = (name: string) => weights[`${name}.weight`].ref;
    let x = np.take(weight("model.embed_tokens"), inputs, 0);
    for (let layer = 0; layer < config.layers; layer++) {
      const of = (name: string) => weight(`model.layers.${layer}.${name}`);
      const y = rmsNorm(x.ref, of("input_layernorm"));
      const q = rotary(linear(y.ref, of("self_attn.q_proj")), heads);
      const k = rotary(linear(y.ref, of("self_attn.k_proj")), kvHeads);
      const v = linear(y, of("self_attn.v_proj"));
      x = x.add(linear(attention(q, k, v), of("self_attn.o_proj")));
      const z = rmsNorm(x.ref, of("post_attention_layernorm"));
      const inner = nn.silu(linear(z.ref, of("mlp.gate_proj")))
        .mul(linear(z, of("mlp.up_proj")));
      x = x.add(linear(inner, of("mlp.down_proj")));
    }
    const logits = linear(rmsNorm(x, weight("model.norm")), weight("model.embed_tokens"));
    for (const array of Object.values(weights)) array.dispose();
    const isTarget = targets.reshape([windows * tokens, 1]).equal(np.arange(vocabularySize));
    const normalizer = nn.logsumexp(logits.ref, -1);
    return normalizer.sub(np.where(isTarget, logits, 0).sum(-1)).mean();
  };
}

/** Cosines and sines, each half of a head after the other; the first half's sines are negative. */
function rotaryTables({ headSize, rotaryBase }: TrainingShape["config"], tokens: number) {
  const half = headSize / 2;
  const cos = new Float32Array(tokens * headSize);
  const sin = new Float32Array(tokens * headSize);
  for (let token = 0; token < tokens; token++) {
    for (let i = 0; i < headSize; i++) {
      const angle = token * rotaryBase ** (-2 * (i % half) / headSize);
      cos[token * headSize + i] = Math.cos(angle);
      sin[token * headSize + i] = i < half ? -Math.sin(angle) : Math.sin(angle);
    }
  }
  return { cos, sin };
}
