// The product of up to four rows with a matrix, as WGSL.
//
// What bounds it is reading the matrix, once, from global memory: neighbouring invocations read
// neighbouring vectors of four numbers, and each has four of them on their way at a time. The rows
// are read again by every group of columns, from the cache; four columns an invocation make that no
// more than a quarter of the traffic.
//
// Where neighbours in memory lie along the inner dimension, 32 invocations share four columns and a
// tree adds their sums up; where they lie along the columns, each of 32 × 4 columns is shared by 8.

import { GROUP_SIZE, MAIN } from "./kernel.ts";

/** The most rows. */
export const MAX_VECTORS = 4;

/** What a product of vectors is made of. */
export interface VectorProduct {
  /** The rows computed at once; 1, or 4 of which some may be beyond `p.m`. */
  readonly rows: 1 | 4;
  /** Whether neighbours in the rows lie along the inner dimension. */
  readonly isDeepA: boolean;
  /** Whether `fetch_b` gives neighbours along the inner dimension; else along the columns. */
  readonly isDeepB: boolean;
}

/** Columns that a workgroup computes. */
function colsOf(isDeepB: boolean): number {
  return isDeepB ? 32 : 128;
}

/** How many workgroups one product of vectors takes. */
export function vectorGroups(n: number, isDeepB: boolean): number {
  return Math.ceil(n / colsOf(isDeepB));
}

/**
 * Writes the entry point.
 *
 * The module and its parameters are those of `tiledProduct`, but for the diagonal; where `b` is not
 * deep, or `a` is not, `a` is read by `fn number_a(index)`.
 */
export function vectorProduct({ rows, isDeepA, isDeepB }: VectorProduct): string {
  const each = Array.from({ length: rows }, (_, r) => r);
  const row = (r: number) => rows === 1 ? "0u" : `min(${r}u, p.m - 1)`;
  const cols = colsOf(isDeepB);
  const index = `entry * p.strideA + ${isDeepA ? "i * p.leadA + l" : "l * p.leadA + i"}`;
  const factor = `
fn factor(entry: u32, i: u32, l: u32, end: u32) -> f32 {
  if (l >= end) { return 0; }
  return number_a(${index});
}`;
  const four = [0, 1, 2, 3].map((d) => `factor(entry, i, l + ${d}, end)`).join(", ");
  const factors = isDeepA && isDeepB ? "" : isDeepB
    ? `${factor}
fn factors(entry: u32, i: u32, l: u32, end: u32) -> vec4f { return vec4f(${four}); }`
    : factor;
  const fetched = isDeepA ? "fetch_a" : "factors";
  return /* wgsl */ `
var<workgroup> lane_sums: array<vec4f, ${GROUP_SIZE * rows}>;
${factors}
${MAIN}
  let blocks = (p.n + ${cols - 1}) / ${cols};
  let whole = group / blocks;
  if (whole >= p.batch * p.parts) { return; }
  let entry = whole / p.parts;
  let start = whole % p.parts * p.depth;
  let end = min(p.k, start + p.depth);
  let lane = ${isDeepB ? "local % 32" : "local / 32"};
  let col = group % blocks * ${cols} + 4 * ${isDeepB ? "(local / 32)" : "(local % 32)"};
  ${each.map((r) => `var s${r} = vec4f();`).join(" ")}
  ${isDeepB ? deepLoop(each, row, fetched) : wideLoop(each, row)}
  ${each.map((r) => `lane_sums[${r * GROUP_SIZE} + local] = s${r};`).join(" ")}
  for (var stride = ${isDeepB ? 16 : 4}u; stride > 0; stride /= 2) {
    workgroupBarrier();
    if (lane < stride) {
      let other = local + stride * ${isDeepB ? 1 : 32};
      ${
    each.map((r) => `lane_sums[${r * GROUP_SIZE} + local] += lane_sums[${r * GROUP_SIZE} + other];`)
      .join("\n      ")
  }
    }
  }
  if (lane != 0) { return; }
  for (var i = 0u; i < min(p.m, ${rows}); i++) {
    store(whole, i, col, lane_sums[i * ${GROUP_SIZE} + local]);
  }
}`;
}

function deepLoop(each: readonly number[], row: (r: number) => string, fetched: string): string {
  return `
  for (var l = start + 4 * lane; l < end; l += 128) {
    let b = mat4x4f(${[0, 1, 2, 3].map((c) => `fetch_b(entry, col + ${c}, l, end)`).join(", ")});
    ${each.map((r) => `s${r} += ${fetched}(entry, ${row(r)}, l, end) * b;`).join("\n    ")}
  }`;
}

function wideLoop(each: readonly number[], row: (r: number) => string): string {
  return `
  for (var l = start + lane; l < end; l += 32) {
    ${[0, 1, 2, 3].map((u) => `let b${u} = fetch_b(entry, col, l + ${8 * u}, end);`).join(" ")}
    ${
    each.flatMap((r) =>
      [0, 1, 2, 3].map((u) => `s${r} += factor(entry, ${row(r)}, l + ${8 * u}, end) * b${u};`)
    ).join("\n    ")
  }
  }`;
}
