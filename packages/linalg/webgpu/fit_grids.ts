// Fits a uniform grid to each row: one workgroup a row, and one invocation for each share of its range,
// which finds the step and the error of that; the first chooses.

import { CLIP_CANDIDATES, CLIP_POWER, type FitGridsParams } from "../rounding_kernels.ts";
import { HALF_OF } from "./cast.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

const FIT_GRIDS: Kernel<
  "x",
  "steps" | "zeroPoints",
  "cols" | "count" | "isHalf" | "isSymmetric" | "candidates"
> = {
  name: "fit grids",
  reads: { x: "f32" },
  writes: { steps: "f32", zeroPoints: "f32" },
  params: { cols: "u32", count: "u32", isHalf: "u32", isSymmetric: "u32", candidates: "u32" },
  code: () => /* wgsl */ `
var<workgroup> errors: array<f32, ${CLIP_CANDIDATES}>;
var<workgroup> found: array<vec2f, ${CLIP_CANDIDATES}>;
${HALF_OF}
fn step_of(share: f32, range: f32) -> f32 {
  let step = share * range / f32(p.count - 1u);
  return select(step, unpack2x16float(half_of(step)).x, p.isHalf != 0u);
}
fn zero_of(share: f32, lo: f32, step: f32) -> f32 {
  if (p.isSymmetric != 0u) { return f32(p.count / 2u); }
  if (step == 0) { return 0; }
  return clamp(round(-share * lo / step), 0, f32(p.count - 1u));
}
${mainOf(CLIP_CANDIDATES)}
  let start = p.x_at + group * p.cols;
  var lo = 0.0;
  var hi = 0.0;
  for (var j = 0u; j < p.cols; j++) {
    lo = min(lo, x[start + j]);
    hi = max(hi, x[start + j]);
  }
  let range = select(hi - lo, 2 * max(-lo, hi), p.isSymmetric != 0u);
  let share = 1 - f32(local) / 100;
  let step = step_of(share, range);
  let zero = zero_of(share, lo, step);
  // In units of the first step, so that it neither overflows nor vanishes.
  let unit = 1 / step_of(1, range);
  var error = 0.0;
  if (p.candidates > 1u) {
    for (var j = 0u; j < p.cols; j++) {
      let value = x[start + j];
      let code = clamp(round(value / step) + zero, 0, f32(p.count - 1u));
      let off = abs(value - select(0, step * (code - zero), step > 0)) * unit;
      if (off > 0) { error += pow(off, ${CLIP_POWER}); }
    }
  }
  errors[local] = error;
  found[local] = vec2f(step, zero);
  workgroupBarrier();
  if (local == 0u) {
    var best = 0u;
    for (var i = 1u; i < p.candidates; i++) {
      if (errors[i] < errors[best]) { best = i; }
    }
    steps[p.steps_at + group] = found[best].x;
    if (p.isSymmetric == 0u) { zeroPoints[p.zeroPoints_at + group] = found[best].y; }
  }
}`,
};

/** Fits a grid to each row. */
export function fitGrids(gpu: Gpu, p: FitGridsParams<GpuStorage>): void {
  const { x, steps, cols, count } = p;
  const isSymmetric = p.zeroPoints === null;
  // Something to bind where nothing is written.
  const zeroPoints = p.zeroPoints ?? gpu.allocate(4 * p.rows);
  for (const [row, height] of pieces(p.rows, gpu.maxWords / cols)) {
    gpu.dispatch(FIT_GRIDS, {
      x: view(x, row * cols, height * cols),
      steps: view(steps, row, height),
      zeroPoints: view(zeroPoints, row, height),
    }, {
      cols,
      count,
      isHalf: Number(p.isHalf),
      isSymmetric: Number(isSymmetric),
      candidates: p.candidates,
    }, height);
  }
  if (isSymmetric) gpu.free(zeroPoints);
}
