// Causal attention of a tile of queries, as WGSL.
//
// T. Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", 2023,
// arXiv:2307.08691, algorithm 1; the running maximum and sum are those of M. Milakov, N. Gimelshein,
// "Online normalizer calculation for softmax", 2018, arXiv:1805.02867.
//
// A workgroup serves 32 rows: the queries of all heads that share keys and values, one after the
// other. For each 32 keys K and values V
//
//   S = scale · Q Kᵀ    m' = max(m, rows of S)    P = exp(S − m')
//   l = l · exp(m − m') + Σ P    O = O · exp(m − m') + P V
//
// and in the end O / l. Each invocation holds 4 × 4 of S and 4 rows of O, 4 in every 32 columns, in
// registers; Q, K and V go through workgroup memory, see attention_lines.ts, so that any head fits: 13
// KiB in all. A head longer than 128 takes several workgroups.
//
// What bounds it: multiplications, for many queries (8 numbers from workgroup memory per 16 of them);
// reading keys and values, once, for few. Departs from the paper: keys that a row does not see have a
// weight of 0, and are skipped where there are any in the tile, so that what is not finite in a value
// reaches only the rows that see it.

import {
  across,
  EACH,
  fetchOf,
  load,
  multiply,
  PLACE,
  QUADS,
  SIZE,
  spread,
  storeOf,
  TILE,
  tileOf,
  weigh,
} from "./attention_lines.ts";
import { mainOf } from "./kernel.ts";
import { LARGER, LOWEST } from "./tree.ts";

/** The longest head that one workgroup serves. */
export const LONGEST = 128;

/**
 * What is written: the result of each row, with or without log Σ exp of its scaled scores, or, where
 * the keys are cut into parts, that of each part with its maximum and sum.
 */
export type Results = "whole" | "whole with sums" | "parts";

/** What tells the variants apart. */
export interface AttentionTiles {
  /** How many times 32 columns of the values a workgroup sums up. */
  readonly slices: number;
  /** Whether four elements of a head are one load. */
  readonly isVector: boolean;
  readonly results: Results;
}

/** Writes the entry point; the kernel's arrays and parameters are those of attention.ts. */
export function attentionTiles({ slices, isVector, results }: AttentionTiles): string {
  const columns = Array.from({ length: slices }, (_, c) => c);
  const outputs = columns.flatMap((c) => EACH.map((r) => ({ c, r, o: `o${c}${r}` })));
  const beside = {
    whole: undefined,
    "whole with sums": (r: number) =>
      `sums[p.sums_at + at[${r}]] = highest[${r}] + log(total[${r}]);`,
    parts: (r: number) => `stats[p.stats_at + index] = vec2f(highest[${r}], total[${r}]);`,
  }[results];
  const weighed = (c: number, isGuarded: boolean) =>
    weigh(`o${c}`, "weights", "tile_k", isGuarded, c === 0 ? " added += w;" : "");
  return /* wgsl */ `
${LARGER}
${fetchOf("q", isVector)}
${fetchOf("k", isVector)}
${fetchOf("v", isVector)}
${tileOf("tile_q")}
${tileOf("tile_k")}
${tileOf("weights")}
var<workgroup> peaks: array<f32, ${TILE * QUADS}>;

// One past the last key that a query sees, and the first.
fn end_of(query: u32) -> u32 { return p.keys - p.queries + query + 1; }
fn start_of(query: u32) -> u32 { return end_of(query) - min(end_of(query), p.window); }
${storeOf("out", isVector)}

${mainOf(SIZE)}
  let sharing = p.heads / p.kvHeads;
  let rows = p.queries * sharing;
  let tiles = (rows + ${TILE - 1}) / ${TILE};
  let chunk = group % p.chunks * ${LONGEST};
  let part = group / p.chunks % p.parts;
  let first_row = group / p.chunks / p.parts % tiles * ${TILE};
  let kv_head = group / p.chunks / p.parts / tiles % p.kvHeads;
  let batch = group / p.chunks / p.parts / tiles / p.kvHeads;
  if (batch >= p.batch) { return; }
  let lead = p.kvHeads * p.headSize;
  let column = batch * p.keyRows * lead + kv_head * p.headSize;
  ${PLACE}
  let first_query = first_row / sharing;
  let last_query = min(first_row + ${TILE - 1}, rows - 1) / sharing;

  // The rows of this invocation: which of the result's, and the keys that they see.
  var at = vec4u();
  var starts = vec4u();
  var ends = vec4u();
  for (var r = 0u; r < 4; r++) {
    let row = first_row + 4 * down + r;
    if (row < rows) {
      let query = row / sharing;
      at[r] = (batch * p.queries + query) * p.heads + kv_head * sharing + row % sharing;
      starts[r] = start_of(query);
      ends[r] = end_of(query);
    }
  }
  var highest = vec4f(${LOWEST});
  var total = vec4f();
  ${outputs.map(({ o }) => `var ${o} = vec4f();`).join(" ")}
  let from_key = max(start_of(first_query), part * p.span);
  let to_key = min(end_of(last_query), (part + 1) * p.span);
  for (var first = from_key; first < to_key; first += ${TILE}) {
    ${EACH.map((r) => `var s${r} = vec4f();`).join(" ")}
    for (var depth = 0u; depth < p.headSize; depth += ${TILE}) {
      workgroupBarrier();${
    load(`
      let row = first_row + line;
      var of_q = vec4f();
      if (row < rows) {
        let head = (batch * p.queries + row / sharing) * p.heads + kv_head * sharing + row % sharing;
        of_q = fetch_q(head * p.headSize, depth + four);
      }
      var of_k = vec4f();
      if (first + line < to_key) {
        of_k = fetch_k(column + (first + line) * lead, depth + four);
      }
      ${across("tile_q", "of_q")}
      ${across("tile_k", "of_k")}`)
  }
      workgroupBarrier();
      ${multiply("s", "tile_q", "tile_k")}
    }
    let key = vec4u(first + 4 * across) + vec4u(0, 1, 2, 3);
    ${
    EACH.map((r) => `
    let sees${r} = (key >= vec4u(starts[${r}])) & (key < vec4u(min(ends[${r}], to_key)));
    s${r} = select(vec4f(${LOWEST}), p.scale * s${r}, sees${r});
    peaks[(4 * down + ${r}) * ${QUADS} + across] =
      larger(larger(s${r}.x, s${r}.y), larger(s${r}.z, s${r}.w));`).join("")
  }
    workgroupBarrier();
    let before = highest;
    for (var j = 0u; j < ${QUADS}; j++) {
      ${
    EACH.map((r) =>
      `highest[${r}] = larger(highest[${r}], peaks[(4 * down + ${r}) * ${QUADS} + j]);`
    )
      .join(" ")
  }
    }
    ${EACH.map((r) => `s${r} = select(vec4f(), exp(s${r} - highest[${r}]), sees${r});`).join(" ")}
    ${spread("weights", "s")}
    let shrink = exp(before - highest);
    ${outputs.map(({ r, o }) => `${o} *= shrink[${r}];`).join(" ")}
    var added = vec4f();
    let is_seen = first >= start_of(last_query) && first + ${TILE} <= end_of(first_query);
    ${
    columns.map((c) => `
    workgroupBarrier();${
      load(`
      var of_v = vec4f();
      if (first + line < to_key) {
        of_v = fetch_v(column + (first + line) * lead, chunk + ${c * TILE} + four);
      }
      tile_k[e] = of_v;`)
    }
    workgroupBarrier();
    if (is_seen) {
      ${weighed(c, false)}
    } else {
      ${weighed(c, true)}
    }`).join("")
  }
    total = total * shrink + added;
  }
  ${
    EACH.map((r) => `
  if (first_row + 4 * down + ${r} < rows) {
    let index = at[${r}] * p.parts + part;
    ${
      columns.map((c) =>
        `store_out(index * p.headSize, chunk + ${c * TILE} + 4 * across, o${c}${r} / total[${r}]);`
      ).join(" ")
    }
    ${beside ? `if (chunk == 0 && across == 0) { ${beside(r)} }` : ""}
  }`).join("")
  }
}`;
}
