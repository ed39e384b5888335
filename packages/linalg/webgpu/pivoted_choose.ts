// How a panel with pivoting chooses its next column on a GPU: norms of the columns that are left are
// compared by one workgroup, and two columns swapped wherever they lie. The transposed matrix x may
// take more than one binding: of its rows, which are columns, a run is bound at a time.

import { MAX_PANEL, type PivotedPanelParams } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type Piece, pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";
import { treeReduction } from "./tree.ts";

/** Invocations that share a column that is left. */
export const LANES = 64;
/** Columns that a workgroup sees to. */
export const TOGETHER: number = GROUP_SIZE / LANES;

/** The parameters of all kernels of a panel: the columns bound are those left from `start` to `end`. */
export const PIVOTED_PARAMS = {
  n: "u32",
  m: "u32",
  first: "u32",
  width: "u32",
  i: "u32",
  start: "u32",
  end: "u32",
} as const;

/** Their names. */
export type PivotedParams = keyof typeof PIVOTED_PARAMS;

/**
 * WGSL of where a kernel finds what a panel keeps: whether a norm is lost, τ, which column was
 * chosen, the products of the last vector with those before it, the norms, and what they were when
 * they were measured.
 */
export const STATE: string = /* wgsl */ `
fn lost() -> u32 { return p.state_at; }
fn last_tau() -> u32 { return p.state_at + 1u; }
fn chosen() -> u32 { return p.state_at + 2u; }
fn product(k: u32) -> u32 { return p.state_at + 3u + k; }
fn norm(j: u32) -> u32 { return p.state_at + ${MAX_PANEL + 3}u + j; }
fn measured(j: u32) -> u32 { return norm(p.n - p.first + j); }`;

/** The words of that, for so many columns that are left. */
export function stateWords(left: number): number {
  return MAX_PANEL + 3 + 2 * left;
}

const MEASURE: Kernel<"x", "state", PivotedParams> = {
  name: "pivoted measure",
  reads: { x: "f32" },
  writes: { state: "f32" },
  params: PIVOTED_PARAMS,
  code: () => /* wgsl */ `
${STATE}
${treeReduction("sum", "sum", LANES, GROUP_SIZE)}
${MAIN}
  let lane = local % ${LANES}u;
  let j = p.start + group * ${TOGETHER}u + local / ${LANES}u;
  let isThere = j < p.end;
  let length = p.m - p.first;
  var squares = 0.0;
  for (var e = select(length, lane, isThere); e < length; e += ${LANES}u) {
    let value = x[p.x_at + (j - p.start) * p.m + e];
    squares += value * value;
  }
  squares = reduce_sum(local, squares);
  if (lane == 0u && isThere) {
    state[norm(j)] = sqrt(squares);
    state[measured(j)] = sqrt(squares);
  }
  if (group == 0u && local == 0u) { state[lost()] = 0; }
}`,
};

const CHOOSE: Kernel<never, "order" | "f" | "state", PivotedParams> = {
  name: "pivoted choose",
  reads: {},
  writes: { order: "u32", f: "f32", state: "f32" },
  params: PIVOTED_PARAMS,
  code: () => /* wgsl */ `
${STATE}
var<workgroup> best: array<u32, ${GROUP_SIZE}>;

fn is_before(j: u32, other: u32) -> bool {
  let difference = state[norm(j)] - state[norm(other)];
  let order_at = p.order_at + p.first;
  return difference > 0 || (difference == 0 && order[order_at + j] < order[order_at + other]);
}
fn swap_state(a: u32, b: u32) {
  let kept = state[a];
  state[a] = state[b];
  state[b] = kept;
}
${MAIN}
  let i = p.i;
  var longest = i;
  for (var j = i + local; j < p.n - p.first; j += ${GROUP_SIZE}u) {
    if (is_before(j, longest)) { longest = j; }
  }
  best[local] = longest;
  for (var stride = ${GROUP_SIZE / 2}u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (local < stride && is_before(best[local + stride], best[local])) {
      best[local] = best[local + stride];
    }
  }
  workgroupBarrier();
  let pivot = best[0];
  if (state[lost()] != 0 || pivot == i) {
    if (local == 0u) { state[chosen()] = f32(i); }
    return;
  }
  if (local < p.width) {
    let kept = f[p.f_at + i * p.width + local];
    f[p.f_at + i * p.width + local] = f[p.f_at + pivot * p.width + local];
    f[p.f_at + pivot * p.width + local] = kept;
  }
  if (local == 0u) {
    state[chosen()] = f32(pivot);
    swap_state(norm(i), norm(pivot));
    swap_state(measured(i), measured(pivot));
    let kept = order[p.order_at + p.first + i];
    order[p.order_at + p.first + i] = order[p.order_at + p.first + pivot];
    order[p.order_at + p.first + pivot] = kept;
  }
}`,
};

// Both halves of `pair` hold column i; where the one that was chosen is bound, the second half
// becomes it, and the first takes its place.
const SWAP: Kernel<"state", "x" | "pair", PivotedParams> = {
  name: "pivoted swap",
  reads: { state: "f32" },
  writes: { x: "f32", pair: "f32" },
  params: PIVOTED_PARAMS,
  code: () => /* wgsl */ `
${STATE}
${MAIN}
  let e = group * ${GROUP_SIZE}u + local;
  let pivot = u32(state[chosen()]);
  if (e >= p.m || pivot == p.i || pivot < p.start || pivot >= p.end) { return; }
  let at = p.x_at + (pivot - p.start) * p.m + e;
  pair[p.pair_at + p.m + e] = x[at];
  x[at] = pair[p.pair_at + e];
}`,
};

/** Runs of columns that are left, from one on, that fit a binding. */
export function piecesFrom(gpu: Gpu, p: PivotedPanelParams<GpuStorage>, from: number): Piece[] {
  return [...pieces(p.n - p.first - from, gpu.maxWords / p.m)]
    .map(([start, count]) => [from + start, count]);
}

/** Measures all columns that are left. */
export function measure(gpu: Gpu, p: PivotedPanelParams<GpuStorage>, state: GpuStorage): void {
  const { n, m, first, width } = p;
  for (const [start, count] of piecesFrom(gpu, p, 0)) {
    gpu.dispatch(
      MEASURE,
      {
        x: view(p.x, (first + start) * m + first, count * m - first),
        state: view(state, 0, stateWords(n - first)),
      },
      { n, m, first, width, i: 0, start, end: start + count },
      Math.ceil(count / TOGETHER),
    );
  }
}

/** Chooses a column and swaps it to place i of those that are left. */
export function choose(
  gpu: Gpu,
  p: PivotedPanelParams<GpuStorage>,
  state: GpuStorage,
  pair: GpuStorage,
  i: number,
): void {
  const { x, n, m, first, width } = p;
  const params = { n, m, first, width, i, start: 0, end: n - first };
  const words = view(state, 0, stateWords(n - first));
  gpu.dispatch(
    CHOOSE,
    { order: view(p.order, 0, n), f: view(p.f, 0, (n - first) * width), state: words },
    params,
    1,
  );
  const own = (first + i) * m * 4;
  gpu.copy(x, own, pair, 0, m * 4);
  gpu.copy(x, own, pair, m * 4, m * 4);
  for (const [start, count] of piecesFrom(gpu, p, i + 1)) {
    gpu.dispatch(
      SWAP,
      { x: view(x, (first + start) * m, count * m), pair: view(pair, 0, 2 * m), state: words },
      { ...params, start, end: start + count },
      Math.ceil(m / GROUP_SIZE),
    );
  }
  gpu.copy(pair, m * 4, x, own, m * 4);
}
