// The derivative of causal attention, of a tile of queries or of a tile of keys, as WGSL.
//
// T. Dao, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning", 2023,
// arXiv:2307.08691, algorithm 2: with L the log-sum-exp of each row and D = Σ dO ∘ O along it,
//
//   P = exp(scale · Q Kᵀ − L)    dS = P ∘ (dO Vᵀ − D)
//   dQ = scale · dS K            dK = scale · dSᵀ Q    dV = Pᵀ dO
//
// A workgroup of the first kernel serves 32 rows, the queries of all heads that share keys and values,
// and goes through the keys that they see; one of the second serves 32 keys and goes through the rows
// that see them. Each sums in registers, as laid out in attention_lines.ts: no sum is shared, and every
// run adds in the same order. Departs from the paper, whose one pass over the keys adds to dQ from
// many workgroups: P and dS are found twice, 7 products of tiles instead of 5, as WebGPU has no atomic
// additions of f32, which would give other sums in every run. Memory: L and D, one number a row.
//
// Pairs that do not see each other have P = dS = 0, and are skipped where there are any in the tile, so
// that what is not finite reaches only what it belongs to.

import {
  across,
  EACH,
  fetchOf,
  load,
  multiply,
  PLACE,
  SIZE,
  spread,
  storeOf,
  TILE,
  tileOf,
  weigh,
} from "./attention_lines.ts";
import { mainOf } from "./kernel.ts";

/** The longest head that a workgroup has whole queries of; it holds one sum. */
export const LONGEST_QUERY = 128;

/** The longest head that a workgroup has whole keys of; it holds two sums. */
export const LONGEST_KEY = 64;

/** What tells the variants of a kernel apart. */
export interface GradientTiles {
  /** How many times 32 columns a workgroup sums up. */
  readonly slices: number;
  /** Whether four elements of a head are one load. */
  readonly isVector: boolean;
}

/** What both kernels share: the place of heads, and who sees whom. */
function common(isVector: boolean): string {
  return /* wgsl */ `
${["q", "k", "v", "gradient"].map((x) => fetchOf(x, isVector)).join("\n")}
${tileOf("tile_rows")}
${tileOf("tile_keys")}
${tileOf("weights")}

// Where the heads of a row and of a key start.
fn row_at(batch: u32, kv_head: u32, row: u32) -> u32 {
  let sharing = p.heads / p.kvHeads;
  let query = batch * p.queries + row / sharing;
  return (query * p.heads + kv_head * sharing + row % sharing) * p.headSize;
}
fn key_at(batch: u32, kv_head: u32, key: u32) -> u32 {
  return ((batch * p.keys + key) * p.kvHeads + kv_head) * p.headSize;
}
// The last key that a query sees, which may lie beyond these keys; it sees as many as the window.
fn last_of(query: u32) -> i32 { return i32(query) + p.shift; }
fn bounded(value: i32, limit: u32) -> u32 { return u32(clamp(value, 0, i32(limit))); }`;
}

/** Loads lines of two arrays, some columns of them, as tiles across lines. */
function loadBoth(ofRows: string, ofKeys: string): string {
  return load(`
      var of_row = vec4f();
      if (first_row + line < to_row) {
        of_row = fetch_${ofRows}(row_at(batch, kv_head, first_row + line), depth + four);
      }
      var of_key = vec4f();
      if (first_key + line < to_key) {
        of_key = fetch_${ofKeys}(key_at(batch, kv_head, first_key + line), depth + four);
      }
      ${across("tile_rows", "of_row")}
      ${across("tile_keys", "of_key")}`);
}

/** s = Q Kᵀ and g = dO Vᵀ; \`a\` is the tile whose lines are those of `down`. */
function products(a: string, b: string): string {
  return /* wgsl */ `
    ${EACH.map((r) => `var s${r} = vec4f(); var g${r} = vec4f();`).join(" ")}
    for (var depth = 0u; depth < p.headSize; depth += ${TILE}) {
      workgroupBarrier();
      ${loadBoth("q", "k")}
      workgroupBarrier();
      ${multiply("s", a, b)}
      workgroupBarrier();
      ${loadBoth("gradient", "v")}
      workgroupBarrier();
      ${multiply("g", a, b)}
    }`;
}

/** Loads lines of one array, 32 columns from the chunk's on, as a tile along lines. */
function loadValues(tile: string, array: string, isKeys: boolean, column: number): string {
  const line = isKeys ? "first_key + line" : "first_row + line";
  const at = isKeys ? "key_at" : "row_at";
  return load(`
      var value = vec4f();
      if (${line} < ${isKeys ? "to_key" : "to_row"}) {
        value = fetch_${array}(${at}(batch, kv_head, ${line}), chunk + ${column} + four);
      }
      ${tile}[e] = value;`);
}

/** Sums, guarded where the tile has pairs that do not see each other. */
function sum(o: string, weights: string, values: string): string {
  return /* wgsl */ `if (is_seen) {
      ${weigh(o, weights, values, false)}
    } else {
      ${weigh(o, weights, values, true)}
    }`;
}

/** Whether all pairs of a tile see each other. */
const IS_SEEN = /* wgsl */ `
    let is_seen = first_row + ${TILE} <= to_row && first_key + ${TILE} <= to_key &&
      i32(first_key) + ${TILE - 1} <= last_of(first_row / sharing) &&
      i32(first_key) > last_of((first_row + ${TILE - 1}) / sharing) - p.window;`;

const sumsOf = (name: string, slices: number) =>
  Array.from({ length: slices }, (_, c) => `${name}${c}`);
const declared = (sums: readonly string[]) =>
  sums.flatMap((o) => EACH.map((r) => `var ${o}${r} = vec4f();`)).join(" ");

/** Adds to what there is where keys or queries come in pieces. */
function writes(x: string, isVector: boolean): string {
  return `${storeOf(x, isVector)}
${fetchOf(x, isVector)}
fn add_${x}(at: u32, col: u32, value: vec4f) {
  if (p.isAdded != 0) { store_${x}(at, col, fetch_${x}(at, col) + value); }
  else { store_${x}(at, col, value); }
}`;
}

/** Writes the entry point for queries; arrays and parameters are those of attention_gradient.ts. */
export function queryGradientTiles({ slices, isVector }: GradientTiles): string {
  const sums = sumsOf("dq", slices);
  return /* wgsl */ `
${common(isVector)}
${writes("gradientQ", isVector)}

${mainOf(SIZE)}
  let sharing = p.heads / p.kvHeads;
  let to_row = p.queries * sharing;
  let tiles = (to_row + ${TILE - 1}) / ${TILE};
  let chunk = group % p.chunks * ${LONGEST_QUERY};
  let first_row = group / p.chunks % tiles * ${TILE};
  let kv_head = group / p.chunks / tiles % p.kvHeads;
  let batch = group / p.chunks / tiles / p.kvHeads;
  if (batch >= p.batch) { return; }
  ${PLACE}
  ${
    EACH.map((r) => `
  let row${r} = first_row + 4 * down + ${r};
  var last${r} = -1;
  var sum${r} = 0.0;
  var delta${r} = 0.0;
  if (row${r} < to_row) {
    let index = row_at(batch, kv_head, row${r}) / p.headSize;
    last${r} = last_of(row${r} / sharing);
    sum${r} = logSumExp[p.logSumExp_at + index];
    delta${r} = delta[p.delta_at + index];
  }`).join("")
  }
  ${declared(sums)}
  let from_key = bounded(last_of(first_row / sharing) - p.window + 1, p.keys);
  let to_key = bounded(last_of(min(first_row + ${TILE - 1}, to_row - 1) / sharing) + 1, p.keys);
  for (var first_key = from_key; first_key < to_key; first_key += ${TILE}) {
    ${products("tile_rows", "tile_keys")}
    let key = vec4i(i32(first_key + 4 * across)) + vec4i(0, 1, 2, 3);
    ${
    EACH.map((r) => `
    let sees${r} = (key <= vec4i(min(last${r}, i32(to_key) - 1))) & (key > vec4i(last${r} - p.window));
    s${r} = select(vec4f(), exp(p.scale * s${r} - sum${r}) * (g${r} - delta${r}), sees${r});`)
      .join("")
  }
    ${spread("weights", "s")}
    ${IS_SEEN}
    ${
    sums.map((o, c) => `
    workgroupBarrier();
    ${loadValues("tile_keys", "k", true, c * TILE)}
    workgroupBarrier();
    ${sum(o, "weights", "tile_keys")}`).join("")
  }
  }
  ${
    EACH.map((r) => `
  if (row${r} < to_row) {
    let at = row_at(batch, kv_head, row${r});
    ${
      sums.map((o, c) => `add_gradientQ(at, chunk + ${c * TILE} + 4 * across, p.scale * ${o}${r});`)
        .join(" ")
    }
  }`).join("")
  }
}`;
}

/** Writes the entry point for keys and values; likewise. */
export function keyGradientTiles({ slices, isVector }: GradientTiles): string {
  const sumsK = sumsOf("dk", slices);
  const sumsV = sumsOf("dv", slices);
  return /* wgsl */ `
${common(isVector)}
${writes("gradientK", isVector)}
${writes("gradientV", isVector)}

${mainOf(SIZE)}
  let sharing = p.heads / p.kvHeads;
  let tiles = (p.keys + ${TILE - 1}) / ${TILE};
  let chunk = group % p.chunks * ${LONGEST_KEY};
  let first_key = group / p.chunks % tiles * ${TILE};
  let kv_head = group / p.chunks / tiles % p.kvHeads;
  let batch = group / p.chunks / tiles / p.kvHeads;
  if (batch >= p.batch) { return; }
  ${PLACE}
  ${declared([...sumsK, ...sumsV])}
  let to_key = p.keys;
  let last_key = min(first_key + ${TILE - 1}, to_key - 1);
  let from_row = bounded(i32(first_key) - p.shift, p.queries) * sharing;
  let to_row = bounded(i32(last_key) - p.shift + p.window, p.queries) * sharing;
  for (var first_row = from_row; first_row < to_row; first_row += ${TILE}) {
    ${products("tile_keys", "tile_rows")}
    // Of the rows of this invocation.
    var lasts = vec4i(-1);
    var sums = vec4f();
    var deltas = vec4f();
    for (var c = 0u; c < 4; c++) {
      let row = first_row + 4 * across + c;
      if (row < to_row) {
        let index = row_at(batch, kv_head, row) / p.headSize;
        lasts[c] = last_of(row / sharing);
        sums[c] = logSumExp[p.logSumExp_at + index];
        deltas[c] = delta[p.delta_at + index];
      }
    }
    ${
    EACH.map((r) => `
    let key${r} = vec4i(i32(first_key + 4 * down + ${r}));
    let sees${r} = (key${r} <= min(lasts, vec4i(i32(last_key)))) & (key${r} > lasts - p.window);
    s${r} = select(vec4f(), exp(p.scale * s${r} - sums), sees${r});
    g${r} = select(vec4f(), s${r} * (g${r} - deltas), sees${r});`).join("")
  }
    ${IS_SEEN}
    // The tile of the rows has served, and takes the probabilities.
    workgroupBarrier();
    ${spread("tile_rows", "s")}
    ${spread("weights", "g")}
    ${
    sumsK.map((dk, c) => `
    workgroupBarrier();
    ${loadValues("tile_keys", "gradient", false, c * TILE)}
    workgroupBarrier();
    ${sum(sumsV[c], "tile_rows", "tile_keys")}
    workgroupBarrier();
    ${loadValues("tile_keys", "q", false, c * TILE)}
    workgroupBarrier();
    ${sum(dk, "weights", "tile_keys")}`).join("")
  }
  }
  ${
    EACH.map((r) => `
  if (first_key + 4 * down + ${r} < to_key) {
    let at = key_at(batch, kv_head, first_key + 4 * down + ${r});
    ${
      sumsK.map((dk, c) => {
        const col = `chunk + ${c * TILE} + 4 * across`;
        return `add_gradientK(at, ${col}, p.scale * ${dk}${r});
    add_gradientV(at, ${col}, ${sumsV[c]}${r});`;
      }).join("\n    ")
    }
  }`).join("")
  }
}`;
}
