// The derivative of causal attention; see attention_gradient_tiles.ts. Three dispatches: D of each row,
// then queries, then keys and values.

import type { AttentionGradientParams } from "../training_kernels.ts";
import {
  keyGradientTiles,
  LONGEST_KEY,
  LONGEST_QUERY,
  queryGradientTiles,
} from "./attention_gradient_tiles.ts";
import { TILE } from "./attention_lines.ts";
import type { Gpu } from "./gpu.ts";
import type { Kernel } from "./kernel.ts";
import { type Piece, pieces } from "./pieces.ts";
import { dispatchRows, rowKernelFor } from "./row_kernel.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { treeReduction } from "./tree.ts";

const PARAMS = {
  batch: "u32",
  queries: "u32",
  keys: "u32",
  heads: "u32",
  kvHeads: "u32",
  headSize: "u32",
  chunks: "u32",
  shift: "i32",
  window: "i32",
  isAdded: "u32",
  scale: "f32",
} as const;

type GradientKernel<W extends string> = Kernel<
  "q" | "k" | "v" | "gradient" | "logSumExp" | "delta",
  W,
  keyof typeof PARAMS
>;

function queryKernel(headSize: number): GradientKernel<"gradientQ"> {
  const { label, type, tiles } = variantOf(headSize, LONGEST_QUERY);
  return {
    name: `attention gradient of queries ${label}`,
    reads: { q: type, k: type, v: type, gradient: type, logSumExp: "f32", delta: "f32" },
    writes: { gradientQ: type },
    params: PARAMS,
    code: () => queryGradientTiles(tiles),
  };
}

function keyKernel(headSize: number): GradientKernel<"gradientK" | "gradientV"> {
  const { label, type, tiles } = variantOf(headSize, LONGEST_KEY);
  return {
    name: `attention gradient of keys ${label}`,
    reads: { q: type, k: type, v: type, gradient: type, logSumExp: "f32", delta: "f32" },
    writes: { gradientK: type, gradientV: type },
    params: PARAMS,
    code: () => keyGradientTiles(tiles),
  };
}

function variantOf(headSize: number, longest: number) {
  const slices = Math.ceil(Math.min(headSize, longest) / TILE);
  const isVector = headSize % 4 === 0;
  const type = isVector ? "vec4f" as const : "f32" as const;
  return { label: `${slices}${isVector ? " x4" : ""}`, type, tiles: { slices, isVector } };
}

/** Differentiates; queries and keys that do not fit into bindings are paired piece by piece. */
export function attentionGradient(gpu: Gpu, p: AttentionGradientParams<GpuStorage>): void {
  const { queries, keys, heads, kvHeads, headSize } = p;
  const width = heads * headSize;
  const kvWidth = kvHeads * headSize;
  const delta = gpu.allocate(4 * p.batch * queries * heads);
  rowProducts(gpu, p, delta);

  /** Pairs some queries with some keys, of one batch entry or of several that are whole. */
  const run = (entry: number, batch: number, [query, count]: Piece, [key, keyCount]: Piece) => {
    const ofRows = (storage: GpuStorage, perQuery: number, perEntry = 1) =>
      view(
        storage,
        (entry * queries + query) * perQuery / perEntry,
        batch * count * perQuery / perEntry,
      );
    const ofKeys = (storage: GpuStorage, perEntry: number) =>
      view(
        storage,
        (entry * keys + key) * kvWidth / perEntry,
        batch * keyCount * kvWidth / perEntry,
      );
    const perEntry = headSize % 4 === 0 ? 4 : 1;
    const arrays = {
      q: ofRows(p.q, width, perEntry),
      k: ofKeys(p.k, perEntry),
      v: ofKeys(p.v, perEntry),
      gradient: ofRows(p.gradient, width, perEntry),
      logSumExp: ofRows(p.logSumExp, heads),
      delta: ofRows(delta, heads),
      gradientQ: ofRows(p.gradientQ, width, perEntry),
      gradientK: ofKeys(p.gradientK, perEntry),
      gradientV: ofKeys(p.gradientV, perEntry),
    };
    const params = {
      batch,
      queries: count,
      keys: keyCount,
      heads,
      kvHeads,
      headSize,
      // The key that query 0 of these is at, counted from the first of these.
      shift: keys - queries + query - key,
      window: p.window,
      scale: p.scale,
    };
    const chunksQ = Math.ceil(headSize / LONGEST_QUERY);
    const tilesQ = Math.ceil(count * heads / kvHeads / TILE);
    gpu.dispatch(queryKernel(headSize), arrays, {
      ...params,
      chunks: chunksQ,
      isAdded: key > 0 ? 1 : 0,
    }, batch * kvHeads * tilesQ * chunksQ);
    const chunksK = Math.ceil(headSize / LONGEST_KEY);
    gpu.dispatch(keyKernel(headSize), arrays, {
      ...params,
      chunks: chunksK,
      isAdded: query > 0 ? 1 : 0,
    }, batch * kvHeads * Math.ceil(keyCount / TILE) * chunksK);
  };

  const entryLength = Math.max(queries * width, keys * kvWidth);
  for (const [entry, count] of pieces(p.batch, gpu.maxWords / entryLength)) {
    for (const queryPiece of pieces(queries, gpu.maxWords / width)) {
      for (const keyPiece of pieces(keys, gpu.maxWords / kvWidth)) {
        run(entry, count, queryPiece, keyPiece);
      }
    }
  }
  gpu.free(delta);
}

/** D of each row: the sum of the products of what attention returned and its gradient. */
function rowProducts(gpu: Gpu, p: AttentionGradientParams<GpuStorage>, delta: GpuStorage): void {
  const { out, gradient, headSize } = p;
  const kernel = rowKernelFor({
    name: "sums of products",
    rows: ["out", "gradient"],
    reads: {},
    writes: { delta: "f32" },
    params: {},
    functions: (lanes) => treeReduction("sum", "sum", lanes, GROUP_SIZE),
    body: (each) => /* wgsl */ `
  var sum = 0.0;
  ${each(({ out, gradient }) => `sum += ${out} * ${gradient};`)}
  sum = reduce_sum(local, sum);
  if (is_lead) { delta[p.delta_at + row] = sum; }`,
  }, headSize);
  dispatchRows(gpu, kernel, ({ matrix, perRow }) => ({
    out: matrix(out),
    gradient: matrix(gradient),
    delta: perRow(delta),
  }), { rows: p.batch * p.queries * p.heads, cols: headSize });
}
