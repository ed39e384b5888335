// A panel of a QR factorization with column pivoting: for each column one workgroup that chooses it
// and makes its reflector, then one for every few of the columns that are left. x is the transposed
// matrix: a row is a column. Once a norm is lost the rest of the dispatches do nothing.

import { MAX_PANEL, type PivotedPanelParams } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type GpuStorage, view } from "./storage.ts";
import { LARGER, treeReduction } from "./tree.ts";

/** Invocations that share a column that is left. */
const LANES = 64;
const TOGETHER = GROUP_SIZE / LANES;

const PARAMS = { n: "u32", m: "u32", first: "u32", width: "u32", i: "u32" } as const;
type Params = keyof typeof PARAMS;

// State: whether a norm is lost, τ, the products of the last vector with those before it, the norms,
// and what they were when they were measured.
const STATE = /* wgsl */ `
fn column(j: u32) -> u32 { return p.x_at + (p.first + j) * p.m + p.first; }
fn norm(j: u32) -> u32 { return p.state_at + ${MAX_PANEL + 2}u + j; }
fn measured(j: u32) -> u32 { return norm(p.n - p.first + j); }`;

const MEASURE: Kernel<"x", "state", Params> = {
  name: "pivoted measure",
  reads: { x: "f32" },
  writes: { state: "f32" },
  params: PARAMS,
  code: () => /* wgsl */ `
${STATE}
${treeReduction("sum", "sum", LANES, GROUP_SIZE)}
${MAIN}
  let lane = local % ${LANES}u;
  let j = group * ${TOGETHER}u + local / ${LANES}u;
  let isThere = j < p.n - p.first;
  var squares = 0.0;
  for (var e = select(p.m, lane, isThere); e < p.m - p.first; e += ${LANES}u) {
    squares += x[column(j) + e] * x[column(j) + e];
  }
  squares = reduce_sum(local, squares);
  if (lane == 0u && isThere) {
    state[norm(j)] = sqrt(squares);
    state[measured(j)] = sqrt(squares);
  }
  if (group == 0u && local == 0u) { state[p.state_at] = 0; }
}`,
};

const CHOOSE: Kernel<never, "x" | "order" | "v" | "t" | "f" | "count" | "state", Params> = {
  name: "pivoted choose",
  reads: {},
  writes: { x: "f32", order: "u32", v: "f32", t: "f32", f: "f32", count: "u32", state: "f32" },
  params: PARAMS,
  code: () => /* wgsl */ `
${STATE}
${LARGER}
${treeReduction("sum", "sum", GROUP_SIZE, GROUP_SIZE)}
${treeReduction("largest", "max", GROUP_SIZE, GROUP_SIZE)}
var<workgroup> isLost: u32;
var<workgroup> best: array<u32, ${GROUP_SIZE}>;

fn is_before(j: u32, other: u32) -> bool {
  let difference = state[norm(j)] - state[norm(other)];
  let order_at = p.order_at + p.first;
  return difference > 0 || (difference == 0 && order[order_at + j] < order[order_at + other]);
}
fn swap_norms(a: u32, b: u32) {
  let kept = state[a];
  state[a] = state[b];
  state[b] = kept;
}
${MAIN}
  if (local == 0u) { isLost = u32(state[p.state_at] != 0); }
  if (workgroupUniformLoad(&isLost) != 0u) { return; }
  let i = p.i;
  let length = p.m - p.first;
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
  if (pivot != i) {
    let a = p.x_at + (p.first + i) * p.m;
    let b = p.x_at + (p.first + pivot) * p.m;
    for (var e = local; e < p.m; e += ${GROUP_SIZE}u) {
      let kept = x[a + e];
      x[a + e] = x[b + e];
      x[b + e] = kept;
    }
    if (local < p.width) {
      let kept = f[p.f_at + i * p.width + local];
      f[p.f_at + i * p.width + local] = f[p.f_at + pivot * p.width + local];
      f[p.f_at + pivot * p.width + local] = kept;
    }
    if (local == 0u) {
      swap_norms(norm(i), norm(pivot));
      swap_norms(measured(i), measured(pivot));
      let kept = order[p.order_at + p.first + i];
      order[p.order_at + p.first + i] = order[p.order_at + p.first + pivot];
      order[p.order_at + p.first + pivot] = kept;
    }
  }
  storageBarrier();
  workgroupBarrier();
  let own = column(i);
  let row = p.v_at + i * length;
  var size = 0.0;
  for (var e = local; e < length; e += ${GROUP_SIZE}u) {
    var value = 0.0;
    if (e >= i) {
      value = x[own + e];
      for (var k = 0u; k < i; k++) {
        value -= f[p.f_at + i * p.width + k] * v[p.v_at + k * length + e];
      }
    }
    v[row + e] = value;
    size = larger(size, abs(value));
  }
  size = reduce_largest(local, size);
  // A power of two, so that squares neither overflow nor vanish.
  let exponent = select(0, clamp(i32(bitcast<u32>(size) >> 23u) - 127, -126, 126), size > 0);
  let scale = ldexp(1.0, -exponent);
  storageBarrier();
  workgroupBarrier();
  let alpha = v[row + i] * scale;
  var squares = 0.0;
  for (var e = i + 1u + local; e < length; e += ${GROUP_SIZE}u) {
    let value = v[row + e] * scale;
    squares += value * value;
  }
  let rest = reduce_sum(local, squares);
  let whole = sqrt(alpha * alpha + rest);
  let beta = select(whole, -whole, alpha > 0);
  let isTurned = rest > 0;
  let tau = select(0, (beta - alpha) / beta, isTurned);
  for (var e = local; e < length; e += ${GROUP_SIZE}u) {
    let reflected = select(0, v[row + e] * scale / (alpha - beta), e > i && isTurned);
    v[row + e] = select(reflected, 1, e == i);
    if (e > i) { x[own + e] = 0; }
    if (e == i) { x[own + e] = ldexp(select(alpha, beta, isTurned), exponent); }
  }
  storageBarrier();
  workgroupBarrier();
  let products = p.state_at + 2u;
  for (var k = 0u; k < i; k++) {
    var part = 0.0;
    for (var e = i + local; e < length; e += ${GROUP_SIZE}u) {
      part += v[p.v_at + k * length + e] * v[row + e];
    }
    part = reduce_sum(local, part);
    if (local == 0u) { state[products + k] = part; }
  }
  storageBarrier();
  workgroupBarrier();
  if (local < p.width) {
    var sum = 0.0;
    for (var l = local; l < i; l++) { sum += t[p.t_at + local * p.width + l] * state[products + l]; }
    t[p.t_at + local * p.width + i] = select(select(0, tau, local == i), -tau * sum, local < i);
  }
  if (local == 0u) {
    state[p.state_at + 1u] = tau;
    count[p.count_at] = i + 1u;
  }
}`,
};

const REST: Kernel<"v" | "count", "x" | "f" | "state", Params> = {
  name: "pivoted rest",
  reads: { v: "f32", count: "u32" },
  writes: { x: "f32", f: "f32", state: "f32" },
  params: PARAMS,
  code: () => /* wgsl */ `
${STATE}
${treeReduction("product", "sum", LANES, GROUP_SIZE)}
${MAIN}
  let i = p.i;
  let length = p.m - p.first;
  let lane = local % ${LANES}u;
  let j = i + 1u + group * ${TOGETHER}u + local / ${LANES}u;
  let isThere = j < p.n - p.first && count[p.count_at] == i + 1u;
  let row = p.v_at + i * length;
  var product = 0.0;
  for (var e = select(length, i + lane, isThere); e < length; e += ${LANES}u) {
    product += x[column(j) + e] * v[row + e];
  }
  product = reduce_product(local, product);
  if (lane != 0u || !isThere) { return; }
  let factors = p.f_at + j * p.width;
  var element = x[column(j) + i];
  for (var k = 0u; k < i; k++) {
    product -= f[factors + k] * state[p.state_at + 2u + k];
    element -= f[factors + k] * v[p.v_at + k * length + i];
  }
  let last = state[p.state_at + 1u] * product;
  f[factors + i] = last;
  element -= last;
  x[column(j) + i] = element;
  let before = state[norm(j)];
  if (before == 0) { return; }
  let share = abs(element) / before;
  let rest = max(0, (1 + share) * (1 - share));
  let ratio = before / state[measured(j)];
  // The square root of the unit of rounding.
  if (!(rest * ratio * ratio > 0x1p-12f)) { state[p.state_at] = 1; }
  state[norm(j)] = before * sqrt(rest);
}`,
};

/** Chooses columns, one after the other. */
export function pivotedPanel(gpu: Gpu, p: PivotedPanelParams<GpuStorage>): void {
  const { n, m, first, width } = p;
  const left = n - first;
  const words = MAX_PANEL + 2 + 2 * left;
  const storage = gpu.allocate(words * 4);
  const x = view(p.x, 0, n * m);
  const v = view(p.v, 0, width * (m - first));
  const f = view(p.f, 0, left * width);
  const count = view(p.count, 0, 1);
  const state = view(storage, 0, words);
  const params = { n, m, first, width, i: 0 };
  gpu.dispatch(MEASURE, { x, state }, params, Math.ceil(left / TOGETHER));
  const arrays = {
    ...{ x, v, f, count, state },
    order: view(p.order, 0, n),
    t: view(p.t, 0, width * width),
  };
  for (let i = 0; i < width; i++) {
    gpu.dispatch(CHOOSE, arrays, { ...params, i }, 1);
    if (i + 1 === left) break;
    const groups = Math.ceil((left - i - 1) / TOGETHER);
    gpu.dispatch(REST, { x, v, f, count, state }, { ...params, i }, groups);
  }
  gpu.free(storage);
}
