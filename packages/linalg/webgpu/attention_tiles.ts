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
// and in the end O / l. Each of 8 × 8 invocations holds 4 × 4 of S and 4 rows of O, 4 in every 32
// columns, in registers; Q, K and V go through workgroup memory 32 elements of a head at a time, so
// that any head fits: 13 KiB in all. A head longer than 128 takes several workgroups.
//
// What bounds it: multiplications, for many queries (8 numbers from workgroup memory per 16 of them);
// reading keys and values, once, for few. Departs from the paper: keys that a row does not see have a
// weight of 0, and are skipped where there are any in the tile, so that what is not finite in a value
// reaches only the rows that see it.

import { mainOf } from "./kernel.ts";
import { LARGER, LOWEST } from "./tree.ts";

/** Rows, keys, and elements of a head, that a tile has. */
export const TILE = 32;

/** The longest head that one workgroup serves. */
export const LONGEST = 128;

const SIZE = 64;
/** Vectors of four in a line of a tile. */
const QUADS = TILE / 4;

/** What tells the variants apart. */
export interface AttentionTiles {
  /** How many times 32 columns of the values a workgroup sums up. */
  readonly slices: number;
  /** Whether four elements of a head are one load. */
  readonly isVector: boolean;
  /** Whether the keys are cut into parts, whose maxima and sums are stored beside their results. */
  readonly isPart: boolean;
}

const EACH = [0, 1, 2, 3];

/** `fn fetch_x(at, col)`: four elements from column `col` on of the head that starts at `at`. */
function fetchOf(x: string, isVector: boolean): string {
  return isVector
    ? `fn fetch_${x}(at: u32, col: u32) -> vec4f {
  if (col >= p.headSize) { return vec4f(); }
  return ${x}[p.${x}_at + (at + col) / 4];
}`
    : `fn fetch_${x}(at: u32, col: u32) -> vec4f {
  var four = vec4f();
  for (var c = 0u; c < min(4, p.headSize - min(p.headSize, col)); c++) {
    four[c] = ${x}[p.${x}_at + at + col + c];
  }
  return four;
}`;
}

/** A loop over a line of vectors of both tiles, four steps at a time. */
function loop(step: (i: string) => string): string {
  return `for (var i = 0u; i < ${TILE * QUADS}; i += ${4 * QUADS}) {
        ${EACH.map((u) => step(`i + ${u * QUADS}`)).join("\n        ")}
      }`;
}

/** Writes the entry point; the kernel's arrays and parameters are those of attention.ts. */
export function attentionTiles({ slices, isVector, isPart }: AttentionTiles): string {
  const columns = Array.from({ length: slices }, (_, c) => c);
  const outputs = columns.flatMap((c) => EACH.map((r) => ({ c, r, o: `o${c}${r}` })));
  /** Each invocation brings four vectors of a slice. */
  const load = (body: string) => `
    for (var e = local; e < ${TILE * QUADS}; e += ${SIZE}) {
      let line = e / ${QUADS};
      let four = e % ${QUADS} * 4;
      ${body}
    }`;
  /** A vector along a line, stored across lines. */
  const across = (tile: string, value: string) =>
    `let ${tile} = ${value};
      ${
      EACH.map((d) =>
        `tile_${tile}[(four + ${d}) * ${QUADS} + line / 4][line % 4] = ${tile}[${d}];`
      )
        .join(" ")
    }`;
  const weigh = (c: number, isGuarded: boolean) =>
    loop((i) =>
      `{ let w = weights[${i} + down]; let value = tile_k[${i} + across]; ${
        EACH.map((r) =>
          `o${c}${r} += ${
            isGuarded ? `select(vec4f(), w[${r}] * value, w[${r}] != 0)` : `w[${r}] * value`
          };`
        ).join(" ")
      }${c === 0 ? " added += w;" : ""} }`
    );
  return /* wgsl */ `
${LARGER}
${fetchOf("q", isVector)}
${fetchOf("k", isVector)}
${fetchOf("v", isVector)}
var<workgroup> tile_q: array<vec4f, ${TILE * QUADS}>;
var<workgroup> tile_k: array<vec4f, ${TILE * QUADS}>;
var<workgroup> weights: array<vec4f, ${TILE * QUADS}>;
var<workgroup> peaks: array<f32, ${TILE * QUADS}>;

// One past the last key that a query sees, and the first.
fn end_of(query: u32) -> u32 { return p.keys - p.queries + query + 1; }
fn start_of(query: u32) -> u32 { return end_of(query) - min(end_of(query), p.window); }
fn store(at: u32, col: u32, value: vec4f) {
  ${
    isVector
      ? "if (col < p.headSize) { out[p.out_at + (at + col) / 4] = value; }"
      : EACH.map((c) =>
        `if (col + ${c} < p.headSize) { out[p.out_at + at + col + ${c}] = value[${c}]; }`
      ).join("\n  ")
  }
}

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
  let down = local / ${QUADS};
  let across = local % ${QUADS};
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
      ${across("q", "of_q")}
      ${across("k", "of_k")}`)
  }
      workgroupBarrier();
      ${
    loop((i) =>
      `{ let a = tile_q[${i} + down]; let b = tile_k[${i} + across]; ${
        EACH.map((r) => `s${r} += a[${r}] * b;`).join(" ")
      } }`
    )
  }
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
    ${
    EACH.map((c) =>
      `weights[(4 * across + ${c}) * ${QUADS} + down] = vec4f(${
        EACH.map((r) => `s${r}[${c}]`).join(", ")
      });`
    ).join(" ")
  }
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
      ${weigh(c, false)}
    } else {
      ${weigh(c, true)}
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
        `store(index * p.headSize, chunk + ${c * TILE} + 4 * across, o${c}${r} / total[${r}]);`
      ).join(" ")
    }
    ${
      isPart
        ? `if (chunk == 0 && across == 0) {
      stats[p.stats_at + index] = vec2f(highest[${r}], total[${r}]);
    }`
        : ""
    }
  }`).join("")
  }
}`;
}
