// A panel of a QR factorization with column pivoting: for each column one workgroup that makes its
// reflector, then one for every few of the columns that are left. x is the transposed matrix: a row
// is a column. Once a norm is lost the rest of the dispatches do nothing.

import type { PivotedPanelParams } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import {
  choose,
  LANES,
  measure,
  piecesFrom,
  PIVOTED_PARAMS,
  type PivotedParams,
  STATE,
  stateWords,
  TOGETHER,
} from "./pivoted_choose.ts";
import { type GpuStorage, view } from "./storage.ts";
import { LARGER, treeReduction } from "./tree.ts";

/** Given column i and row i of F. */
const REFLECT: Kernel<"f", "x" | "v" | "t" | "count" | "state", PivotedParams> = {
  name: "pivoted reflect",
  reads: { f: "f32" },
  writes: { x: "f32", v: "f32", t: "f32", count: "u32", state: "f32" },
  params: PIVOTED_PARAMS,
  code: () => /* wgsl */ `
${STATE}
${LARGER}
${treeReduction("sum", "sum", GROUP_SIZE, GROUP_SIZE)}
${treeReduction("largest", "max", GROUP_SIZE, GROUP_SIZE)}
var<workgroup> isLost: u32;
${MAIN}
  if (local == 0u) { isLost = u32(state[lost()] != 0); }
  if (workgroupUniformLoad(&isLost) != 0u) { return; }
  let i = p.i;
  let length = p.m - p.first;
  let row = p.v_at + i * length;
  var size = 0.0;
  for (var e = local; e < length; e += ${GROUP_SIZE}u) {
    var value = 0.0;
    if (e >= i) {
      value = x[p.x_at + e];
      for (var k = 0u; k < i; k++) { value -= f[p.f_at + k] * v[p.v_at + k * length + e]; }
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
    if (e > i) { x[p.x_at + e] = 0; }
    if (e == i) { x[p.x_at + e] = ldexp(select(alpha, beta, isTurned), exponent); }
  }
  storageBarrier();
  workgroupBarrier();
  for (var k = 0u; k < i; k++) {
    var part = 0.0;
    for (var e = i + local; e < length; e += ${GROUP_SIZE}u) {
      part += v[p.v_at + k * length + e] * v[row + e];
    }
    part = reduce_sum(local, part);
    if (local == 0u) { state[product(k)] = part; }
  }
  storageBarrier();
  workgroupBarrier();
  if (local < p.width) {
    var sum = 0.0;
    for (var l = local; l < i; l++) { sum += t[p.t_at + local * p.width + l] * state[product(l)]; }
    t[p.t_at + local * p.width + i] = select(select(0, tau, local == i), -tau * sum, local < i);
  }
  if (local == 0u) {
    state[last_tau()] = tau;
    count[p.count_at] = i + 1u;
  }
}`,
};

const REST: Kernel<"v" | "count", "x" | "f" | "state", PivotedParams> = {
  name: "pivoted rest",
  reads: { v: "f32", count: "u32" },
  writes: { x: "f32", f: "f32", state: "f32" },
  params: PIVOTED_PARAMS,
  code: () => /* wgsl */ `
${STATE}
${treeReduction("product", "sum", LANES, GROUP_SIZE)}
${MAIN}
  let i = p.i;
  let length = p.m - p.first;
  let lane = local % ${LANES}u;
  let j = p.start + group * ${TOGETHER}u + local / ${LANES}u;
  let isThere = j < p.end && count[p.count_at] == i + 1u;
  let column = p.x_at + (j - p.start) * p.m;
  let row = p.v_at + i * length;
  var along = 0.0;
  for (var e = select(length, i + lane, isThere); e < length; e += ${LANES}u) {
    along += x[column + e] * v[row + e];
  }
  along = reduce_product(local, along);
  if (lane != 0u || !isThere) { return; }
  let factors = p.f_at + (j - p.start) * p.width;
  var element = x[column + i];
  for (var k = 0u; k < i; k++) {
    along -= f[factors + k] * state[product(k)];
    element -= f[factors + k] * v[p.v_at + k * length + i];
  }
  let last = state[last_tau()] * along;
  f[factors + i] = last;
  element -= last;
  x[column + i] = element;
  let before = state[norm(j)];
  if (before == 0) { return; }
  let share = abs(element) / before;
  let rest = max(0, (1 + share) * (1 - share));
  let ratio = before / state[measured(j)];
  // The square root of the unit of rounding.
  if (!(rest * ratio * ratio > 0x1p-12f)) { state[lost()] = 1; }
  state[norm(j)] = before * sqrt(rest);
}`,
};

/** Chooses columns, one after the other. */
export function pivotedPanel(gpu: Gpu, p: PivotedPanelParams<GpuStorage>): void {
  const { n, m, first, width } = p;
  const words = stateWords(n - first);
  const state = gpu.allocate(words * 4);
  const pair = gpu.allocate(2 * m * 4);
  const v = view(p.v, 0, width * (m - first));
  const count = view(p.count, 0, 1);
  measure(gpu, p, state);
  for (let i = 0; i < width; i++) {
    choose(gpu, p, state, pair, i);
    const params = { n, m, first, width, i };
    gpu.dispatch(
      REFLECT,
      {
        x: view(p.x, (first + i) * m + first, m - first),
        f: view(p.f, i * width, width),
        t: view(p.t, 0, width * width),
        state: view(state, 0, words),
        v,
        count,
      },
      { ...params, start: i, end: i + 1 },
      1,
    );
    for (const [start, length] of piecesFrom(gpu, p, i + 1)) {
      gpu.dispatch(
        REST,
        {
          x: view(p.x, (first + start) * m + first, length * m - first),
          f: view(p.f, start * width, length * width),
          state: view(state, 0, words),
          v,
          count,
        },
        { ...params, start, end: start + length },
        Math.ceil(length / TOGETHER),
      );
    }
  }
  gpu.free(state);
  gpu.free(pair);
}
