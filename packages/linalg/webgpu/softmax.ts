import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { lanesFor, LARGER, LOWEST, treeReduction } from "./tree.ts";

function softmaxKernel(lanes: number): Kernel<"x", "out", "rows" | "cols"> {
  return {
    name: `softmax ${lanes}`,
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
  let cols = select(0, p.cols, row < p.rows);
  var highest = ${LOWEST};
  for (var j = lane; j < cols; j += ${lanes}u) {
    highest = larger(highest, x[start + j]);
  }
  highest = reduce_max(local, highest);
  var total = 0.0;
  for (var j = lane; j < cols; j += ${lanes}u) {
    total += exp(x[start + j] - highest);
  }
  total = reduce_sum(local, total);
  for (var j = lane; j < cols; j += ${lanes}u) {
    out[p.out_at + row * p.cols + j] = exp(x[start + j] - highest) / total;
  }
}`,
  };
}

/** exp(x − max) / Σ over each row; the lanes of a row go through it three times. */
export function softmax(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["softmax"]>[0]): void {
  const { x, out, rows, cols } = p;
  const lanes = lanesFor(cols);
  const kernel = softmaxKernel(lanes);
  for (const [row, count] of pieces(rows, gpu.maxWords / cols)) {
    const arrays = {
      x: view(x, row * cols, count * cols),
      out: view(out, row * cols, count * cols),
    };
    gpu.dispatch(kernel, arrays, { rows: count, cols }, Math.ceil(count * lanes / GROUP_SIZE));
  }
}
