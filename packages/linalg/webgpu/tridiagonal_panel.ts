// A panel of the reduction to tridiagonal form: the three steps of a row as three kernels, queued
// row after row. The steps that have one vector to work on are one workgroup each.

import type { TridiagonalPanelParams } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";
import { LARGER, treeReduction } from "./tree.ts";

/** Elements of a product that one workgroup computes. */
const TILE = 32;
/** Invocations that share such an element. */
const SLICES = GROUP_SIZE / TILE;

/** Arrays begin at row i; `finished` rows of V and W stand behind it. */
type RowNames = "i" | "finished" | "n" | "size";
const ROW_PARAMS: Readonly<Record<RowNames, "u32">> = {
  i: "u32",
  finished: "u32",
  n: "u32",
  size: "u32",
};

// Every invocation reads again only what it wrote itself.
const REFLECT: Kernel<"w", "v" | "coefficients", RowNames> = {
  name: "tridiagonal reflect",
  reads: { w: "f32" },
  writes: { v: "f32", coefficients: "f32" },
  params: ROW_PARAMS,
  code: () => /* wgsl */ `
${LARGER}
${treeReduction("largest", "max", GROUP_SIZE, GROUP_SIZE)}
${treeReduction("squares", "sum", GROUP_SIZE, GROUP_SIZE)}
var<workgroup> last: f32;
${MAIN}
  let own = p.v_at;
  let at = p.coefficients_at;
  var most = 0.0;
  for (var j = local; j <= p.i; j += ${GROUP_SIZE}u) {
    var x = v[own + j];
    for (var k = 1u; k <= p.finished; k++) {
      x -= v[own + k * p.n + p.i] * w[p.w_at + k * p.size + j];
      x -= w[p.w_at + k * p.size + p.i] * v[own + k * p.n + j];
    }
    v[own + j] = x;
    if (j == p.i) { coefficients[at + j] = x; } else { most = max(most, abs(x)); }
    if (j + 1u == p.i) { last = x; }
  }
  let largest = reduce_largest(local, most);
  // A row with nothing larger than 2^-100 has no reflector.
  let scale = select(0, 1 / largest, largest >= 0x1p-100);
  var squares = 0.0;
  for (var j = local; j + 1u < p.i; j += ${GROUP_SIZE}u) {
    let x = v[own + j] * scale;
    squares += x * x;
  }
  let rest = reduce_squares(local, squares);
  let first = last * scale;
  let norm = sqrt(first * first + rest);
  let beta = select(norm, -norm, first > 0);
  let factor = select(0, scale / (first - beta), rest > 0);
  for (var j = local; j < p.n; j += ${GROUP_SIZE}u) {
    let x = select(0, v[own + j] * factor, j < p.i);
    v[own + j] = select(x, 1, j + 1u == p.i && rest > 0);
  }
  if (local == 0u) {
    coefficients[at + 2u * p.n + p.i] = select(0, (beta - first) / beta, rest > 0);
    if (p.i > 0u) { coefficients[at + p.n + p.i - 1u] = select(last, beta * largest, rest > 0); }
  }
}`,
};

// Each workgroup has 32 elements of the product. Of a run of rows of the matrix it takes those
// that are its elements' own, up to the diagonal, and of those behind them the columns above.
const MULTIPLY: Kernel<"a" | "v", "w", "i" | "n" | "start" | "end"> = {
  name: "tridiagonal multiply",
  reads: { a: "f32", v: "f32" },
  writes: { w: "f32" },
  params: { i: "u32", n: "u32", start: "u32", end: "u32" },
  code: () => /* wgsl */ `
${treeReduction("row", "sum", TILE, GROUP_SIZE)}
var<workgroup> below: array<f32, ${GROUP_SIZE}>;
var<workgroup> beside: array<f32, ${TILE}>;
${MAIN}
  let first = group * ${TILE}u;
  let lane = local % ${TILE}u;
  let slice = local / ${TILE}u;
  let col = first + lane;
  var sum = 0.0;
  for (var row = max(first, p.start) + slice; row < p.end; row += ${SLICES}u) {
    if (col < row) { sum += a[p.a_at + (row - p.start) * p.n + col] * v[p.v_at + row]; }
  }
  below[local] = sum;
  for (var q = 0u; q < ${TILE}u; q += ${SLICES}u) {
    let row = first + q + slice;
    let count = select(0, row + 1u, row >= p.start && row < p.end);
    var part = 0.0;
    for (var j = lane; j < count; j += ${TILE}u) {
      part += a[p.a_at + (row - p.start) * p.n + j] * v[p.v_at + j];
    }
    part = reduce_row(local, part);
    if (lane == 0u) { beside[q + slice] = part; }
  }
  workgroupBarrier();
  if (local < ${TILE}u && col < p.i) {
    var total = beside[lane];
    for (var s = 0u; s < ${SLICES}u; s++) { total += below[s * ${TILE}u + lane]; }
    if (p.start == 0u) { w[p.w_at + col] = total; } else { w[p.w_at + col] += total; }
  }
}`,
};

const CORRECT: Kernel<"v" | "coefficients", "w", RowNames> = {
  name: "tridiagonal correct",
  reads: { v: "f32", coefficients: "f32" },
  writes: { w: "f32" },
  params: ROW_PARAMS,
  code: () => /* wgsl */ `
${treeReduction("row", "sum", TILE, GROUP_SIZE)}
${treeReduction("whole", "sum", GROUP_SIZE, GROUP_SIZE)}
// The products of v with the rows of W and of V.
var<workgroup> along: array<vec2f, ${GROUP_SIZE}>;
${MAIN}
  let own = p.v_at;
  let lane = local % ${TILE}u;
  for (var q = 1u; q <= p.finished; q += ${SLICES}u) {
    let k = q + local / ${TILE}u;
    let count = select(0, p.i, k <= p.finished);
    var sums = vec2f();
    for (var j = lane; j < count; j += ${TILE}u) {
      sums += v[own + j] * vec2f(w[p.w_at + k * p.size + j], v[own + k * p.n + j]);
    }
    let alongW = reduce_row(local, sums.x);
    let alongV = reduce_row(local, sums.y);
    if (lane == 0u) { along[k] = vec2f(alongW, alongV); }
  }
  workgroupBarrier();
  var product = 0.0;
  for (var j = local; j < p.i; j += ${GROUP_SIZE}u) {
    var y = w[p.w_at + j];
    for (var k = 1u; k <= p.finished; k++) {
      y -= along[k].x * v[own + k * p.n + j];
      y -= along[k].y * w[p.w_at + k * p.size + j];
    }
    w[p.w_at + j] = y;
    product += y * v[own + j];
  }
  product = reduce_whole(local, product);
  let tau = coefficients[p.coefficients_at + 2u * p.n + p.i];
  for (var j = local; j < p.size; j += ${GROUP_SIZE}u) {
    let y = select(0, w[p.w_at + j], j < p.i);
    w[p.w_at + j] = tau * y - tau * tau * product / 2 * v[own + j];
  }
}`,
};

/** Reduces the rows of a panel, the last one first. */
export function tridiagonalPanel(gpu: Gpu, p: TridiagonalPanelParams<GpuStorage>): void {
  const { matrix, w, coefficients, n, size, width } = p;
  const first = size - width;
  for (let i = size - 1; i >= first; i--) {
    const rows = size - i;
    const vectors = {
      v: view(matrix, i * n, rows * n),
      w: view(w, (i - first) * size, rows * size),
      coefficients: view(coefficients, 0, 3 * n),
    };
    const params = { i, finished: rows - 1, n, size };
    gpu.dispatch(REFLECT, vectors, params, 1);
    for (const [start, count] of pieces(i, gpu.maxWords / n)) {
      gpu.dispatch(
        MULTIPLY,
        {
          a: view(matrix, start * n, count * n),
          v: view(matrix, i * n, n),
          w: view(w, (i - first) * size, size),
        },
        { i, n, start, end: start + count },
        Math.ceil((start + count) / TILE),
      );
    }
    gpu.dispatch(CORRECT, vectors, params, 1);
  }
}
