// exp(x − max) / Σ over each row. What bounds it is global memory: the lanes that share a row hold it
// in registers between one reading and one writing, as long as it is no longer than 16 numbers each;
// a longer row is read three times, mostly from the cache.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { heldFor, lanesFor, LARGER, LOWEST, treeReduction } from "./tree.ts";

function softmaxKernel(lanes: number, held: number): Kernel<"x", "out", "rows" | "cols"> {
  return {
    name: `softmax ${lanes} ${held}`,
    reads: { x: "f32" },
    writes: { out: "f32" },
    params: { rows: "u32", cols: "u32" },
    code: () => /* wgsl */ `
${LARGER}
${treeReduction("max", "max", lanes, GROUP_SIZE)}
${treeReduction("sum", "sum", lanes, GROUP_SIZE)}
${MAIN}
  let lane = local % ${lanes}u;
  let row = group * ${GROUP_SIZE / lanes}u + local / ${lanes}u;
  let start = p.x_at + row * p.cols;
  let out_start = p.out_at + row * p.cols;
  let cols = select(0, p.cols, row < p.rows);
  var highest = ${LOWEST};
  var total = 0.0;
  ${held > 0 ? heldRow(lanes, held) : LONG_ROW.replaceAll("LANES", `${lanes}u`)}
}`,
  };
}

const LONG_ROW = /* wgsl */ `
  for (var j = lane; j < cols; j += LANES) {
    highest = larger(highest, x[start + j]);
  }
  highest = reduce_max(local, highest);
  for (var j = lane; j < cols; j += LANES) {
    total += exp(x[start + j] - highest);
  }
  total = reduce_sum(local, total);
  for (var j = lane; j < cols; j += LANES) {
    out[out_start + j] = exp(x[start + j] - highest) / total;
  }`;

function heldRow(lanes: number, held: number): string {
  const each = Array.from({ length: held }, (_, i) => [`v${i}`, `lane + ${i * lanes}`]);
  const forEach = (step: (v: string, j: string) => string) =>
    each.map(([v, j]) => `if (${j} < cols) { ${step(v, j)} }`).join("\n  ");
  return `
  ${each.map(([v]) => `var ${v} = 0.0;`).join(" ")}
  ${forEach((v, j) => `${v} = x[start + ${j}]; highest = larger(highest, ${v});`)}
  highest = reduce_max(local, highest);
  ${forEach((v) => `${v} = exp(${v} - highest); total += ${v};`)}
  total = reduce_sum(local, total);
  ${forEach((v, j) => `out[out_start + ${j}] = ${v} / total;`)}`;
}

/** Softmax of each row. */
export function softmax(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["softmax"]>[0]): void {
  const { x, out, rows, cols } = p;
  const lanes = lanesFor(cols);
  const kernel = softmaxKernel(lanes, heldFor(cols, lanes));
  for (const [row, count] of pieces(rows, gpu.maxWords / cols)) {
    const arrays = {
      x: view(x, row * cols, count * cols),
      out: view(out, row * cols, count * cols),
    };
    gpu.dispatch(kernel, arrays, { rows: count, cols }, Math.ceil(count * lanes / GROUP_SIZE));
  }
}
