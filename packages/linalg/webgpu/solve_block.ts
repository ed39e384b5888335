// Many systems with one small triangle, one system an invocation. Tile after tile of unknowns is
// held in registers: what the unknowns before it come to is subtracted, rows of T coming through
// workgroup memory, then the tile is substituted.

import { MAX_BLOCK, type SolveBlockParams } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

const GROUP = 64;
const TILE = 8;

function each(code: (c: number) => string): string {
  return Array.from({ length: TILE }, (_, c) => code(c)).join("\n");
}

const SOLVE_BLOCK: Kernel<
  "triangle",
  "x",
  "n" | "count" | "systemStep" | "unknownStep" | "rowT" | "colT" | "isBackward" | "isUnit"
> = {
  name: "solve block",
  reads: { triangle: "f32" },
  writes: { x: "f32" },
  params: {
    n: "u32",
    count: "u32",
    systemStep: "u32",
    unknownStep: "u32",
    rowT: "u32",
    colT: "u32",
    isBackward: "u32",
    isUnit: "u32",
  },
  code: () => /* wgsl */ `
var<workgroup> rows: array<f32, ${TILE * MAX_BLOCK}>;

// Unknowns are counted in the order that they are found in.
fn turned(j: u32) -> u32 {
  return select(j, p.n - 1u - j, p.isBackward != 0u);
}
fn element(j: u32, k: u32) -> f32 {
  if (j >= p.n || k > j) { return 0; }
  if (j == k && p.isUnit != 0u) { return 1; }
  return triangle[p.triangle_at + turned(j) * p.rowT + turned(k) * p.colT];
}
${mainOf(GROUP)}
  let system = group * ${GROUP}u + local;
  let start = p.x_at + system * p.systemStep;
  let isThere = system < p.count;
  for (var j = 0u; j < p.n; j += ${TILE}u) {
    let width = min(${TILE}u, p.n - j);
    workgroupBarrier();
    for (var i = local; i < ${TILE}u * (j + ${TILE}u); i += ${GROUP}u) {
      rows[i] = element(j + i % ${TILE}u, i / ${TILE}u);
    }
    workgroupBarrier();
    if (isThere) {
      ${each((c) => `var s${c} = 0.0;`)}
      ${each((c) => `if (${c}u < width) { s${c} = x[start + turned(j + ${c}u) * p.unknownStep]; }`)}
      for (var k = 0u; k < j; k++) {
        let known = x[start + turned(k) * p.unknownStep];
        ${each((c) => `s${c} -= rows[k * ${TILE}u + ${c}u] * known;`)}
      }
      ${
    each((c) => /* wgsl */ `
      if (${c}u < width) {
        ${
      Array.from(
        { length: c },
        (_, k) => `s${c} -= rows[(j + ${k}u) * ${TILE}u + ${c}u] * s${k};`,
      ).join("\n")
    }
        s${c} /= rows[(j + ${c}u) * ${TILE}u + ${c}u];
        x[start + turned(j + ${c}u) * p.unknownStep] = s${c};
      }`)
  }
    }
  }
}`,
};

/** Solves all systems in place. */
export function solveBlock(gpu: Gpu, p: SolveBlockParams<GpuStorage>): void {
  const { triangle, x, n, count, offset, systemStep, unknownStep } = p;
  const [rowT, colT] = p.isTransposed ? [1, n] : [n, 1];
  const system = (n - 1) * unknownStep + 1;
  // Systems that are rows lie one behind the other, those that are columns side by side.
  const most = (gpu.maxWords - system) / systemStep + 1;
  for (const [first, piece] of pieces(count, most)) {
    gpu.dispatch(SOLVE_BLOCK, {
      triangle: view(triangle, 0, n * n),
      x: view(x, offset + first * systemStep, (piece - 1) * systemStep + system),
    }, {
      n,
      count: piece,
      systemStep,
      unknownStep,
      rowT,
      colT,
      isBackward: Number(p.isBackward),
      isUnit: Number(p.isUnit),
    }, Math.ceil(piece / GROUP));
  }
}
