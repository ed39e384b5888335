// Rounds columns to levels of grids, the last one first, one row an invocation. Tile after tile of
// columns is held in registers: what the errors of the columns after it come to is added, rows of the
// triangle coming through workgroup memory, then the tile is rounded column by column.

import type { RoundColumnsParams } from "../rounding_kernels.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

const GROUP = 64;
const TILE = 8;

const LINES = Array.from({ length: TILE }, (_, c) => c);

function each(code: (c: number) => string): string {
  return LINES.map(code).join("\n");
}

const ROUND_COLUMNS: Kernel<
  "wanted" | "weight" | "triangle" | "steps" | "zeroPoints" | "gridOf" | "levels",
  "out",
  "rows" | "cols" | "grids" | "count" | "zeroPoint" | "hasFeedback" | "hasZeroPoints" | "hasTable"
> = {
  name: "round columns",
  reads: {
    wanted: "f32",
    weight: "f32",
    triangle: "f32",
    steps: "f32",
    zeroPoints: "f32",
    gridOf: "u32",
    levels: "f32",
  },
  writes: { out: "f32" },
  params: {
    rows: "u32",
    cols: "u32",
    grids: "u32",
    count: "u32",
    zeroPoint: "f32",
    hasFeedback: "u32",
    hasZeroPoints: "u32",
    hasTable: "u32",
  },
  code: () => /* wgsl */ `
var<workgroup> factors: array<f32, ${TILE * MAX_BLOCK}>;

// Tests bits, which no compiler skips.
fn is_nan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}
fn nearest_level(value: f32) -> f32 {
  var level = levels[p.levels_at];
  var lower = level;
  for (var i = 1u; i < p.count; i++) {
    let upper = levels[p.levels_at + i];
    if (value > (lower + upper) * 0.5) { level = upper; }
    lower = upper;
  }
  return level;
}
fn rounded(u: f32, row: u32, col: u32) -> f32 {
  let grid = row * p.grids + min(gridOf[p.gridOf_at + col], p.grids - 1u);
  let step = steps[p.steps_at + grid];
  if (step == 0) { return 0; }
  let scaled = u / step;
  if (p.hasTable != 0u) { return step * nearest_level(scaled); }
  var zero = p.zeroPoint;
  if (p.hasZeroPoints != 0u) { zero = zeroPoints[p.zeroPoints_at + grid]; }
  let code = select(clamp(round(scaled) + zero, 0, f32(p.count - 1u)), 0, is_nan(scaled));
  return step * (code - zero);
}
${mainOf(GROUP)}
  let row = group * ${GROUP}u + local;
  let start = row * p.cols;
  let isThere = row < p.rows;
  for (var end = p.cols; end > 0u;) {
    let width = min(${TILE}u, end);
    let first = end - width;
    if (p.hasFeedback != 0u) {
      workgroupBarrier();
      for (var i = local; i < ${TILE}u * (p.cols - first); i += ${GROUP}u) {
        let j = first + i / ${TILE}u;
        let k = first + i % ${TILE}u;
        factors[i] = 0;
        if (k < j) { factors[i] = triangle[p.triangle_at + j * p.cols + k]; }
      }
      workgroupBarrier();
    }
    if (isThere) {
      ${each((c) => `var u${c} = 0.0;`)}
      ${each((c) => `if (${c}u < width) { u${c} = wanted[p.wanted_at + start + first + ${c}u]; }`)}
      if (p.hasFeedback != 0u) {
        for (var j = end; j < p.cols; j++) {
          let error = weight[p.weight_at + start + j] - out[p.out_at + start + j];
          let at = (j - first) * ${TILE}u;
          ${each((c) => `u${c} += factors[at + ${c}u] * error;`)}
        }
      }
      ${
    LINES.toReversed().map((c) => /* wgsl */ `
      if (${c}u < width) {
        let value = rounded(u${c}, row, first + ${c}u);
        out[p.out_at + start + first + ${c}u] = value;
        if (p.hasFeedback != 0u) {
          let error = weight[p.weight_at + start + first + ${c}u] - value;
          ${LINES.slice(0, c).map((k) => `u${k} += factors[${c * TILE + k}u] * error;`).join("\n")}
        }
      }`).join("\n")
  }
    }
    end = first;
  }
}`,
};

/** Rounds columns. */
export function roundColumns(gpu: Gpu, p: RoundColumnsParams<GpuStorage>): void {
  const { target, feedback, steps, zeroPoints, gridOf, table, out, rows, cols, grids, count } = p;
  const isShared = typeof zeroPoints === "number";
  for (const [row, height] of pieces(rows, gpu.maxWords / Math.max(cols, grids))) {
    const matrix = (storage: GpuStorage) => view(storage, row * cols, height * cols);
    const perGrid = (storage: GpuStorage) => view(storage, row * grids, height * grids);
    gpu.dispatch(ROUND_COLUMNS, {
      wanted: matrix(target),
      // What is missing is never read; another array stands in its place.
      weight: matrix(feedback?.weight ?? target),
      triangle: feedback ? view(feedback.triangle, 0, cols * cols) : perGrid(steps),
      steps: perGrid(steps),
      zeroPoints: perGrid(isShared ? steps : zeroPoints),
      gridOf: view(gridOf, 0, cols),
      levels: table ? view(table, 0, count) : perGrid(steps),
      out: matrix(out),
    }, {
      rows: height,
      cols,
      grids,
      count,
      zeroPoint: isShared ? zeroPoints : 0,
      hasFeedback: Number(feedback !== null),
      hasZeroPoints: Number(!isShared),
      hasTable: Number(table !== null),
    }, Math.ceil(height / GROUP));
  }
}
