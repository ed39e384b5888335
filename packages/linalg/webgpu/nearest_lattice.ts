// Codes of E8P for blocks of eight numbers, and of what they leave; the twin of
// reference/nearest_lattice.ts. One invocation has one block.

import { E8P_BLOCK } from "../codebook/e8p.ts";
import { SHADER_WORDS } from "../codebook/lattice_layout.ts";
import type { NearestLatticeParams } from "../lattice_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type ElementType, type Kernel, mainOf } from "./kernel.ts";
import { LATTICE_DESCENT, LATTICE_DISTANCE } from "./lattice_descent.ts";
import { latticeSearch } from "./lattice_search.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, type View, view } from "./storage.ts";

/** Blocks in a workgroup. */
const GROUP = 64;

/** What tells the variants of the kernel apart. */
interface Variant {
  readonly bits: number;
  readonly hasMetric: boolean;
  readonly hasIncumbent: boolean;
}

const PARAMS = {
  rows: "u32",
  cols: "u32",
  blocks: "u32",
  first: "u32",
  ratio: "f32",
  scaleStep: "u32",
} as const;

/** Finds codes for all blocks. */
export function nearestLattice(gpu: Gpu, p: NearestLatticeParams<GpuStorage>): void {
  const { rows, cols, blocks, first, metric, incumbent } = p;
  const variant = {
    bits: p.bits,
    hasMetric: metric !== null,
    hasIncumbent: incumbent !== null,
  };
  const count = Math.ceil(cols / E8P_BLOCK);
  for (const [row, height] of pieces(rows, gpu.maxWords / Math.max(cols, blocks))) {
    const matrix = (storage: GpuStorage) => view(storage, row * cols, height * cols);
    const scales = (storage: GpuStorage) =>
      p.hasRowScales ? view(storage, row, height) : view(storage, 0, 1);
    const arrays: Record<string, View> = {
      x: matrix(p.x),
      scales: scales(p.scales),
      inverses: scales(p.inverses),
      tables: view(p.tables, 0, SHADER_WORDS),
      ...(metric ? { metric: view(metric, 0, cols * cols) } : {}),
      ...(incumbent ? { incumbent: matrix(incumbent) } : {}),
      codes: view(p.codes, row * blocks, height * blocks),
      out: matrix(p.out),
    };
    const params = {
      rows: height,
      cols,
      blocks,
      first,
      ratio: p.residualScale,
      scaleStep: p.hasRowScales ? 1 : 0,
    };
    gpu.dispatch(kernelOf(variant), arrays, params, Math.ceil(height * count / GROUP));
  }
}

function kernelOf(v: Variant): Kernel<string, string, keyof typeof PARAMS> {
  const reads: Record<string, ElementType> = {
    x: "f32",
    scales: "f32",
    inverses: "f32",
    tables: "u32",
    ...(v.hasMetric ? { metric: "f32" } : {}),
    ...(v.hasIncumbent ? { incumbent: "f32" } : {}),
  };
  return {
    name: `nearest lattice ${v.bits}${v.hasMetric ? ", metric" : ""}` +
      `${v.hasIncumbent ? ", incumbent" : ""}`,
    reads,
    writes: { codes: "u32", out: "f32" },
    params: PARAMS,
    code: () => codeOf(v),
  };
}

/**
 * Functions are called at one place each, in loops: compilers copy them to every place they are called
 * at, and take minutes.
 */
function codeOf({ bits, hasMetric, hasIncumbent }: Variant): string {
  const isCompared = hasMetric || hasIncumbent || bits > 2;
  return /* wgsl */ `
${latticeSearch(bits === 3)}
${isCompared ? LATTICE_DISTANCE : ""}
${hasMetric ? LATTICE_DESCENT : ""}
${mainOf(GROUP)}
  ${hasMetric ? LOAD_METRIC : isCompared ? LOAD_IDENTITY : ""}
  let count = (p.cols + 7) / 8;
  let at = group * ${GROUP} + local;
  let row = at / count;
  let block = at % count;
  if (row >= p.rows) { return; }
  let scale = scales[p.scales_at + row * p.scaleStep];
  let inverse = inverses[p.inverses_at + row * p.scaleStep];
  let start = row * p.cols + 8 * block;
  let width = min(8, p.cols - 8 * block);
  var u: Eight;
  for (var i = 0u; i < width; i++) { u[i] = x[p.x_at + start + i] * inverse; }
  var is_kept = ${hasIncumbent};
  ${hasIncumbent ? KEEP_INCUMBENT : isCompared ? "var smallest = 0.0;" : ""}
  var code = 0u;
  var entries: Eight;
  // First the nearest, then by the metric.
  for (var pass_index = 0; pass_index < ${hasMetric ? 2 : 1}; pass_index++) {
    var found = 0u;
    // Said so, as some compilers set a variable in a loop to zero only once.
    var sum = Eight();
    var left = u;
    ${bits === 2 ? "" : TWO_POINTS}
    for (var turn = 0; turn < ${bits === 2 ? 1 : 3}; turn++) {
      let is_residual = ${bits === 3} && turn > 0;
      let gridded = to_grid(left);
      var points: array<Point, 2>;
      for (var k = 0; k < 2; k++) { points[k] = nearest(gridded, 1 - 2 * k, is_residual); }
      var second = points[1].score > points[0].score;
      ${hasMetric ? CHOOSE : ""}
      let twice = points[select(0, 1, second)].twice;
      let shift = select(select(1, -1, second), 0, is_residual);
      ${bits === 2 ? "found = code_of(twice, shift); sum = entries_of(twice, shift);" : TRY_POINTS}
    }
    ${
    isCompared
      ? `let farther = ${bits === 2 ? "distance_by(u, sum)" : "least"};
    if (${hasIncumbent ? "" : "pass_index > 0 && "}!(farther < smallest)) { continue; }
    smallest = farther;`
      : ""
  }
    is_kept = false;
    code = found;
    entries = sum;
  }
  if (!is_kept) { codes[p.codes_at + row * p.blocks + p.first + block] = code; }
  for (var i = 0u; i < width; i++) {
    ${
    hasIncumbent
      ? "let old = incumbent[p.incumbent_at + start + i]; " +
        "out[p.out_at + start + i] = select(entries[i] * scale, old, is_kept);"
      : "out[p.out_at + start + i] = entries[i] * scale;"
  }
  }
}`;
}

/** What is kept of the first turn, which finds two points of E8P. */
const TWO_POINTS = /* wgsl */ `var firsts: array<Point, 2>;
    var is_first_second = false;
    var least = 0.0;`;

/** The other turns find what is best for what either point leaves, the nearer one first. */
const TRY_POINTS = /* wgsl */ `if (turn == 0) {
        firsts = points;
        is_first_second = second;
      } else {
        let k = select(0, 1, is_first_second == (turn == 1));
        let part = entries_of(twice, shift);
        var whole = entries_of(firsts[k].twice, 1 - 2 * k);
        for (var i = 0; i < 8; i++) { whole[i] += part[i] * (1 / p.ratio); }
        let farther = distance_by(u, whole);
        if (turn == 1 || farther < least) {
          least = farther;
          sum = whole;
          found = code_of(firsts[k].twice, 1 - 2 * k) | (code_of(twice, shift) << 16);
        }
      }
      let next = select(0, 1, is_first_second == (turn == 0));
      let base = entries_of(firsts[next].twice, 1 - 2 * next);
      for (var i = 0; i < 8; i++) { left[i] = (u[i] - base[i]) * p.ratio; }`;

const LOAD_METRIC = /* wgsl */ `if (local < 64) {
    let place = vec2u(local / 8, local % 8);
    var entry = 0.0;
    if (max(place.x, place.y) < p.cols) { entry = metric[p.metric_at + place.x * p.cols + place.y]; }
    m[local] = entry;
  }
  workgroupBarrier();`;

const LOAD_IDENTITY = /* wgsl */ `if (local < 64) { m[local] = select(0.0, 1.0, local % 9 == 0); }
  workgroupBarrier();`;

const KEEP_INCUMBENT = /* wgsl */ `var held: Eight;
  for (var i = 0u; i < width; i++) { held[i] = incumbent[p.incumbent_at + start + i] * inverse; }
  var smallest = distance_by(u, held);`;

const CHOOSE = /* wgsl */ `if (pass_index == 1) {
        var distances: array<f32, 2>;
        for (var k = 0; k < 2; k++) {
          let shift = select(1 - 2 * k, 0, is_residual);
          points[k].twice = descend(left, shift, points[k].twice);
          distances[k] = distance_by(left, entries_of(points[k].twice, shift));
        }
        second = select(distances[1] < distances[0], !(distances[0] < distances[1]), second);
      }`;
