// The derivatives of y = x · gain · r, r = 1 / √(mean x² + epsilon), row by row: with g that of y and
// h = g · gain
//
//   of x     r · (h − x · r² · mean(h · x))
//   of gain  Σ over the rows of g · x · r
//
// The summands of the latter are written as they are found and then summed by columns, in segments of
// fixed lengths, so that the sum is the same in every run.

import type { NormGradientParams } from "../training_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { reduceCols } from "./reduce_cols.ts";
import { dispatchRows, rowKernelFor } from "./row_kernel.ts";
import type { GpuStorage } from "./storage.ts";
import { treeReduction } from "./tree.ts";

/** The derivatives of `rmsNorm` with respect to the input and to the gain. */
export function rmsNormGradient(gpu: Gpu, p: NormGradientParams<GpuStorage>): void {
  const { x, gain, gradient, gradientX, gradientGain, rows, cols, epsilon } = p;
  const kernel = rowKernelFor({
    name: "rmsNorm gradient",
    rows: ["x", "gradient"],
    reads: { gain: "f32" },
    writes: { gradientX: "f32", summands: "f32" },
    params: { epsilon: "f32" },
    functions: (lanes) => treeReduction("sum", "sum", lanes, GROUP_SIZE),
    body: (each) => /* wgsl */ `
  var squares = 0.0;
  var products = 0.0;
  ${
      each(({ x, gradient }, j) =>
        /* wgsl */ `let v = ${x};
    squares += v * v;
    products += ${gradient} * gain[p.gain_at + ${j}] * v;`
      )
    }
  let factor = 1 / sqrt(reduce_sum(local, squares) / f32(p.cols) + p.epsilon);
  let along = reduce_sum(local, products) / f32(p.cols) * factor * factor;
  ${
      each(({ x, gradient }, j) =>
        /* wgsl */ `let v = ${x};
    let g = ${gradient};
    gradientX[p.gradientX_at + start + ${j}] = factor * (g * gain[p.gain_at + ${j}] - v * along);
    summands[p.summands_at + start + ${j}] = g * v * factor;`
      )
    }`,
  }, cols);
  const summands = gpu.allocate(4 * rows * cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perCol }) => ({
      x: matrix(x),
      gradient: matrix(gradient),
      gain: perCol(gain),
      gradientX: matrix(gradientX),
      summands: matrix(summands),
    }),
    { rows, cols, epsilon },
  );
  reduceCols(gpu, { x: summands, out: gradientGain, rows, cols, reduction: "sum" });
  gpu.free(summands);
}
