// x · gain / √(mean x² + epsilon) over each row.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { dispatchRows, rowKernelFor } from "./row_kernel.ts";
import type { GpuStorage } from "./storage.ts";
import { treeReduction } from "./tree.ts";

/** x · gain / √(mean x² + epsilon) over each row; squares beyond f32 (|x| > 1.8e19) are infinite. */
export function rmsNorm(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["rmsNorm"]>[0]): void {
  const { x, gain, out, rows, cols, epsilon } = p;
  const kernel = rowKernelFor({
    name: "rmsNorm",
    rows: ["x"],
    reads: { gain: "f32" },
    writes: { out: "f32" },
    params: { epsilon: "f32" },
    functions: (lanes) => treeReduction("sum", "sum", lanes, GROUP_SIZE),
    body: (each) => /* wgsl */ `
  var squares = 0.0;
  ${each(({ x }) => `let v = ${x}; squares += v * v;`)}
  let factor = 1 / sqrt(reduce_sum(local, squares) / f32(p.cols) + p.epsilon);
  ${each(({ x }, j) => `out[p.out_at + start + ${j}] = ${x} * factor * gain[p.gain_at + ${j}];`)}`,
  }, cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perCol }) => ({ x: matrix(x), gain: perCol(gain), out: matrix(out) }),
    { rows, cols, epsilon },
  );
}
