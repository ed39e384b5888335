// Householder reflectors of a panel, by one workgroup. The vectors before a column are multiplied by
// it side by side, LANES invocations each; the other steps go along the column. T stays in workgroup
// memory.

import type { Kernels } from "../kernels.ts";
import { MAX_PANEL } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type GpuStorage, view } from "./storage.ts";
import { LARGER, treeReduction } from "./tree.ts";

const LANES = GROUP_SIZE / MAX_PANEL;

const HOUSEHOLDER_PANEL: Kernel<never, "x" | "t" | "r", "count" | "length"> = {
  name: "householder panel",
  reads: {},
  writes: { x: "f32", t: "f32", r: "f32" },
  params: { count: "u32", length: "u32" },
  code: () => /* wgsl */ `
${LARGER}
${treeReduction("sum", "sum", GROUP_SIZE, GROUP_SIZE)}
${treeReduction("largest", "max", GROUP_SIZE, GROUP_SIZE)}
${treeReduction("product", "sum", LANES, GROUP_SIZE)}
var<workgroup> factors: array<f32, ${MAX_PANEL}>;
var<workgroup> triangle: array<f32, ${MAX_PANEL * MAX_PANEL}>;

/** Multiplies column k by the vectors before it. */
fn multiply(local: u32, k: u32) {
  let vector = local / ${LANES}u;
  var sum = 0.0;
  if (vector < k) {
    for (var e = local % ${LANES}u; e < p.length; e += ${LANES}u) {
      sum += x[p.x_at + vector * p.length + e] * x[p.x_at + k * p.length + e];
    }
  }
  sum = reduce_product(local, sum);
  if (local % ${LANES}u == 0u) { factors[vector] = sum; }
  workgroupBarrier();
}
${MAIN}
  for (var i = local; i < ${MAX_PANEL * MAX_PANEL}u; i += ${GROUP_SIZE}u) { triangle[i] = 0; }
  for (var i = local; i < p.count * p.count; i += ${GROUP_SIZE}u) { r[p.r_at + i] = 0; }
  storageBarrier();
  workgroupBarrier();
  for (var k = 0u; k < p.count; k++) {
    let row = p.x_at + k * p.length;
    multiply(local, k);
    var factor = 0.0;
    if (local < k) {
      for (var l = 0u; l <= local; l++) {
        factor += triangle[l * ${MAX_PANEL}u + local] * factors[l];
      }
    }
    workgroupBarrier();
    if (local < k) { factors[local] = factor; }
    workgroupBarrier();
    var largest = 0.0;
    for (var e = local; e < p.length; e += ${GROUP_SIZE}u) {
      var value = x[row + e];
      for (var i = 0u; i < k; i++) {
        value -= factors[i] * x[p.x_at + i * p.length + e];
      }
      x[row + e] = value;
      if (e < k) { r[p.r_at + e * p.count + k] = value; }
      else { largest = larger(largest, abs(value)); }
    }
    largest = reduce_largest(local, largest);
    // A power of two, so that squares neither overflow nor vanish.
    let exponent = select(0, clamp(i32(bitcast<u32>(largest) >> 23u) - 127, -126, 126), largest > 0);
    let scale = ldexp(1.0, -exponent);
    storageBarrier();
    workgroupBarrier();
    let alpha = x[row + k] * scale;
    var squares = 0.0;
    for (var e = k + 1u + local; e < p.length; e += ${GROUP_SIZE}u) {
      let value = x[row + e] * scale;
      squares += value * value;
    }
    let rest = reduce_sum(local, squares);
    let size = sqrt(alpha * alpha + rest);
    let beta = select(size, -size, alpha > 0);
    let isTurned = rest > 0;
    let tau = select(0, (beta - alpha) / beta, isTurned);
    for (var e = local; e < p.length; e += ${GROUP_SIZE}u) {
      let reflected = select(0, x[row + e] * scale / (alpha - beta), e > k && isTurned);
      x[row + e] = select(reflected, 1, e == k);
    }
    if (local == 0u) {
      r[p.r_at + k * p.count + k] = ldexp(select(alpha, beta, isTurned), exponent);
    }
    storageBarrier();
    workgroupBarrier();
    multiply(local, k);
    if (local < k) {
      var sum = 0.0;
      for (var l = local; l < k; l++) { sum += triangle[local * ${MAX_PANEL}u + l] * factors[l]; }
      factor = -tau * sum;
    }
    workgroupBarrier();
    if (local < k) { triangle[local * ${MAX_PANEL}u + k] = factor; }
    if (local == k) { triangle[k * ${MAX_PANEL}u + k] = tau; }
    workgroupBarrier();
  }
  for (var i = local; i < p.count * p.count; i += ${GROUP_SIZE}u) {
    t[p.t_at + i] = triangle[i / p.count * ${MAX_PANEL}u + i % p.count];
  }
}`,
};

/** Finds the reflectors of a panel. */
export function householderPanel(
  gpu: Gpu,
  p: Parameters<Kernels<GpuStorage>["householderPanel"]>[0],
): void {
  const { count, length } = p;
  const arrays = {
    x: view(p.x, 0, count * length),
    t: view(p.t, 0, count * count),
    r: view(p.r, 0, count * count),
  };
  gpu.dispatch(HOUSEHOLDER_PANEL, arrays, { count, length }, 1);
}
