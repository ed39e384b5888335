// exp(x − max) / Σ over each row. What bounds it is global memory: a row that is held in registers is
// read once, a longer one three times, mostly from the cache.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { dispatchRows, rowKernelFor } from "./row_kernel.ts";
import type { GpuStorage } from "./storage.ts";
import { LARGER, LOWEST, treeReduction } from "./tree.ts";

/** Softmax of each row. */
export function softmax(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["softmax"]>[0]): void {
  const { x, out, rows, cols } = p;
  const kernel = rowKernelFor({
    name: "softmax",
    rows: ["x"],
    reads: {},
    writes: { out: "f32" },
    params: {},
    functions: (lanes) => /* wgsl */ `
${LARGER}
${treeReduction("max", "max", lanes, GROUP_SIZE)}
${treeReduction("sum", "sum", lanes, GROUP_SIZE)}`,
    body: (each, isHeld) => /* wgsl */ `
  var highest = ${LOWEST};
  ${each(({ x }) => `highest = larger(highest, ${x});`)}
  highest = reduce_max(local, highest);
  var total = 0.0;
  ${
      each(({ x }) =>
        isHeld ? `${x} = exp(${x} - highest); total += ${x};` : `total += exp(${x} - highest);`
      )
    }
  total = reduce_sum(local, total);
  ${
      each(({ x }, j) =>
        `out[p.out_at + start + ${j}] = ${isHeld ? x : `exp(${x} - highest)`} / total;`
      )
    }`,
  }, cols);
  dispatchRows(gpu, kernel, ({ matrix }) => ({ x: matrix(x), out: matrix(out) }), { rows, cols });
}
