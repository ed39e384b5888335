// Causal attention with grouped heads, by an online softmax:
//
// M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", 2018, arXiv:1805.02867.
//
// A workgroup serves one query and head: for each tile of 64 keys every invocation computes one
// score; then the workgroup goes through the tile's values, every invocation in up to 4 columns.
// What was summed under a smaller maximum is shrunk by exp(old maximum − new maximum).

import type { AttentionParams } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { LARGER, LOWEST, treeReduction } from "./tree.ts";

/** Invocations of a workgroup, and keys in a tile. */
const KEYS = 64;

/** Columns of the values that a workgroup sums up; a longer head takes several. */
const COLS = 4 * KEYS;

const ATTENTION: Kernel<
  "q" | "k" | "v",
  "out",
  | "batch"
  | "queries"
  | "keys"
  | "keyRows"
  | "heads"
  | "kvHeads"
  | "headSize"
  | "chunks"
  | "window"
  | "scale"
> = {
  name: "attention",
  reads: { q: "f32", k: "f32", v: "f32" },
  writes: { out: "f32" },
  params: {
    batch: "u32",
    queries: "u32",
    keys: "u32",
    keyRows: "u32",
    heads: "u32",
    kvHeads: "u32",
    headSize: "u32",
    chunks: "u32",
    window: "u32",
    scale: "f32",
  },
  code: () => /* wgsl */ `
${LARGER}
${treeReduction("max", "max", KEYS, KEYS)}
${treeReduction("sum", "sum", KEYS, KEYS)}
var<workgroup> weights: array<f32, ${KEYS}>;
${mainOf(KEYS)}
  let col = group % p.chunks * ${COLS}u + local;
  let head = group / p.chunks % p.heads;
  let query = group / p.chunks / p.heads % p.queries;
  let batch = group / p.chunks / p.heads / p.queries;
  if (batch >= p.batch) { return; }
  let row = ((batch * p.queries + query) * p.heads + head) * p.headSize;
  let lead = p.kvHeads * p.headSize;
  let column = batch * p.keyRows * lead + head * p.kvHeads / p.heads * p.headSize;
  // One past the last key that the query sees.
  let end = p.keys - p.queries + query + 1u;
  var highest = ${LOWEST};
  var total = 0.0;
  var sums = vec4f();
  for (var start = end - min(end, p.window); start < end; start += ${KEYS}u) {
    let key = start + local;
    var score = ${LOWEST};
    if (key < end) {
      score = 0.0;
      for (var i = 0u; i < p.headSize; i++) {
        score += q[p.q_at + row + i] * k[p.k_at + column + key * lead + i];
      }
      score *= p.scale;
    }
    let higher = larger(highest, reduce_max(local, score));
    let weight = select(0.0, exp(score - higher), key < end);
    weights[local] = weight;
    let shrink = exp(highest - higher);
    // The barriers of the sum let all see the weights.
    total = total * shrink + reduce_sum(local, weight);
    sums *= shrink;
    highest = higher;
    for (var j = start; j < min(start + ${KEYS}u, end); j++) {
      for (var c = 0u; c < 4u; c++) {
        if (col + c * ${KEYS}u < p.headSize) {
          sums[c] += weights[j - start] * v[p.v_at + column + j * lead + col + c * ${KEYS}u];
        }
      }
    }
  }
  for (var c = 0u; c < 4u; c++) {
    if (col + c * ${KEYS}u < p.headSize) {
      out[p.out_at + row + col + c * ${KEYS}u] = sums[c] / total;
    }
  }
}`,
};

/** Attends; the keys and values that a query may see must fit into one binding. */
export function attention(gpu: Gpu, p: AttentionParams<GpuStorage>): void {
  const { q, k, v, out, queries, keys, keyRows, heads, kvHeads, headSize } = p;
  const width = heads * headSize;
  const kvWidth = kvHeads * headSize;
  const chunks = Math.ceil(headSize / COLS);

  /** Serves some queries of some batch entries; keys are counted from the first they see. */
  const run = (entry: number, batch: number, query: number, count: number) => {
    const end = keys - queries + query + count;
    const first = Math.max(0, end - count + 1 - p.window);
    const start = entry * queries + query;
    const length = ((batch - 1) * queries + count) * width;
    const kvStart = (entry * keyRows + first) * kvWidth;
    const kvLength = ((batch - 1) * keyRows + end - first) * kvWidth;
    gpu.dispatch(ATTENTION, {
      q: view(q, start * width, length),
      k: view(k, kvStart, kvLength),
      v: view(v, kvStart, kvLength),
      out: view(out, start * width, length),
    }, {
      batch,
      queries: count,
      keys: end - first,
      keyRows,
      heads,
      kvHeads,
      headSize,
      chunks,
      window: p.window,
      scale: p.scale,
    }, batch * count * heads * chunks);
  };

  const entryLength = Math.max(queries * width, keyRows * kvWidth);
  for (const [entry, count] of pieces(p.batch, gpu.maxWords / entryLength)) {
    if (count > 1) run(entry, count, 0, queries);
    else {
      for (const [query, part] of pieces(queries, gpu.maxWords / width)) {
        run(entry, 1, query, part);
      }
    }
  }
}
