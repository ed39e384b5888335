// Causal attention with grouped heads, by tiles of queries; see attention_tiles.ts. Where the queries
// alone do not fill the machine, as in generation, the keys are cut into parts, which are put
// together in order.

import type { AttentionParams } from "../kernels.ts";
import { TILE } from "./attention_lines.ts";
import { joinParts } from "./attention_parts.ts";
import { attentionTiles, LONGEST, type Results } from "./attention_tiles.ts";
import type { Gpu } from "./gpu.ts";
import type { ElementType, Kernel } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, type View, view } from "./storage.ts";

/** The fewest keys that are worth a workgroup of their own. */
const LEAST_KEYS = 64;

type Names =
  | "batch"
  | "queries"
  | "keys"
  | "keyRows"
  | "heads"
  | "kvHeads"
  | "headSize"
  | "chunks"
  | "parts"
  | "span"
  | "window";

/** What each kind of results has beside `out`. */
const BESIDE: Readonly<Record<Results, Partial<Record<"stats" | "sums", ElementType>>>> = {
  whole: {},
  "whole with sums": { sums: "f32" },
  parts: { stats: "pair" },
};

function kernelOf(
  headSize: number,
  results: Results,
): Kernel<"q" | "k" | "v", "out" | "stats" | "sums", Names | "scale"> {
  const slices = Math.ceil(Math.min(headSize, LONGEST) / TILE);
  const isVector = headSize % 4 === 0;
  const type = isVector ? "vec4f" : "f32";
  const writes = { out: type, ...BESIDE[results] } as const;
  return {
    name: `attention ${slices}${isVector ? " x4" : ""}, ${results}`,
    reads: { q: type, k: type, v: type },
    writes: writes as Required<typeof writes>,
    params: {
      batch: "u32",
      queries: "u32",
      keys: "u32",
      keyRows: "u32",
      heads: "u32",
      kvHeads: "u32",
      headSize: "u32",
      chunks: "u32",
      parts: "u32",
      span: "u32",
      window: "u32",
      scale: "f32",
    },
    code: () => attentionTiles({ slices, isVector, results }),
  };
}

/** Some queries of some batch entries, and the keys and values they see. */
interface Queries {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly q: View;
  readonly k: View;
  readonly v: View;
  readonly out: View;
  readonly sums: View | null;
}

/** Attends; the keys and values that a query may see must fit into one binding. */
export function attention(gpu: Gpu, p: AttentionParams<GpuStorage>): void {
  const { q, k, v, out, queries, keys, keyRows, heads, kvHeads, headSize } = p;
  const width = heads * headSize;
  const kvWidth = kvHeads * headSize;

  /** Serves some queries of some batch entries; keys are counted from the first they see. */
  const run = (entry: number, batch: number, query: number, count: number) => {
    const end = keys - queries + query + count;
    const first = Math.max(0, end - count + 1 - p.window);
    const start = entry * queries + query;
    const length = ((batch - 1) * queries + count) * width;
    const kvStart = (entry * keyRows + first) * kvWidth;
    const kvLength = ((batch - 1) * keyRows + end - first) * kvWidth;
    attend(gpu, p, {
      batch,
      queries: count,
      keys: end - first,
      q: view(q, start * width, length),
      k: view(k, kvStart, kvLength),
      v: view(v, kvStart, kvLength),
      out: view(out, start * width, length),
      sums: p.logSumExp && view(p.logSumExp, start * heads, length / headSize),
    });
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

function attend(gpu: Gpu, p: AttentionParams<GpuStorage>, some: Queries): void {
  const { heads, kvHeads, headSize, keyRows, window, scale } = p;
  const { batch, queries, keys, out, sums } = some;
  const chunks = Math.ceil(headSize / LONGEST);
  const tiles = Math.ceil(queries * heads / kvHeads / TILE);
  const groups = batch * kvHeads * tiles * chunks;
  const most = Math.min(keys / LEAST_KEYS, gpu.maxWords / out.count);
  const wanted = Math.max(1, Math.min(Math.ceil(gpu.fullGroups / groups), Math.floor(most)));
  const span = Math.ceil(keys / wanted / TILE) * TILE;
  const parts = Math.ceil(keys / span);
  const rows = out.count / headSize;
  const x = parts > 1 ? gpu.allocate(4 * out.count * parts) : out.storage;
  const stats = parts > 1 ? gpu.allocate(8 * rows * parts) : out.storage;

  const inVectors = ({ storage, first, count }: View) =>
    headSize % 4 === 0 ? view(storage, first / 4, count / 4) : view(storage, first, count);
  const kernel = kernelOf(headSize, parts > 1 ? "parts" : sums ? "whole with sums" : "whole");
  gpu.dispatch(kernel, {
    q: inVectors(some.q),
    k: inVectors(some.k),
    v: inVectors(some.v),
    out: inVectors(parts > 1 ? view(x, 0, out.count * parts) : out),
    stats: view(stats, 0, rows * parts),
    sums: sums ?? out,
  }, {
    batch,
    queries,
    keys,
    keyRows,
    heads,
    kvHeads,
    headSize,
    chunks,
    parts,
    span,
    window,
    scale,
  }, groups * parts);
  if (parts === 1) return;
  joinParts(gpu, x, stats, { out, sums, headSize, parts });
  gpu.free(x);
  gpu.free(stats);
}
