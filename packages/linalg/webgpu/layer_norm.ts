// gain · (x − mean x) · r + bias, r = 1 / √(mean (x − mean x)² + epsilon), over each row, and its
// derivatives: with g that of the result, x̂ = (x − mean x) · r and h = g · gain
//
//   of x     r · (h − mean h − x̂ · mean(h · x̂))
//   of gain  Σ over the rows of g · x̂        of bias  Σ over the rows of g
//
// J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016, arXiv:1607.06450. The variance is
// that of the distances from the mean, so that a mean far from zero costs no digits.

import type { NormGradientParams, TrainingKernels } from "../training_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { reduceCols } from "./reduce_cols.ts";
import { dispatchRows, type Each, rowKernelFor } from "./row_kernel.ts";
import type { GpuStorage } from "./storage.ts";
import { treeReduction } from "./tree.ts";

const functions = (lanes: number) => treeReduction("sum", "sum", lanes, GROUP_SIZE);

/** WGSL of `mean` and of `factor`, which is r. */
const moments = (each: Each<"x">) => /* wgsl */ `
  var total = 0.0;
  ${each(({ x }) => `total += ${x};`)}
  let mean = reduce_sum(local, total) / f32(p.cols);
  var squares = 0.0;
  ${each(({ x }) => `let v = ${x} - mean; squares += v * v;`)}
  let factor = 1 / sqrt(reduce_sum(local, squares) / f32(p.cols) + p.epsilon);`;

/** Normalizes mean and variance of each row. */
export function layerNorm(
  gpu: Gpu,
  p: Parameters<TrainingKernels<GpuStorage>["layerNorm"]>[0],
): void {
  const { x, gain, bias, out, rows, cols, epsilon } = p;
  const kernel = rowKernelFor({
    name: bias ? "layerNorm with bias" : "layerNorm",
    rows: ["x"],
    reads: (bias ? { gain: "f32", bias: "f32" } : { gain: "f32" }) as Record<
      "gain" | "bias",
      "f32"
    >,
    writes: { out: "f32" },
    params: { epsilon: "f32" },
    functions,
    body: (each) =>
      /* wgsl */ `${moments(each)}
  ${
        each(({ x }, j) =>
          /* wgsl */ `out[p.out_at + start + ${j}] =
      (${x} - mean) * factor * gain[p.gain_at + ${j}]${bias ? ` + bias[p.bias_at + ${j}]` : ""};`
        )
      }`,
  }, cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perCol }) => ({
      x: matrix(x),
      gain: perCol(gain),
      bias: perCol(bias ?? gain),
      out: matrix(out),
    }),
    { rows, cols, epsilon },
  );
}

/** The derivatives of {@linkcode layerNorm} with respect to the input, the gain and the bias. */
export function layerNormGradient(
  gpu: Gpu,
  p: NormGradientParams<GpuStorage> & { gradientBias: GpuStorage },
): void {
  const { x, gain, gradient, gradientX, gradientGain, gradientBias, rows, cols, epsilon } = p;
  const kernel = rowKernelFor({
    name: "layerNorm gradient",
    rows: ["x", "gradient"],
    reads: { gain: "f32" },
    writes: { gradientX: "f32", summands: "f32" },
    params: { epsilon: "f32" },
    functions,
    body: (each) =>
      /* wgsl */ `${moments(each)}
  var gains = 0.0;
  var products = 0.0;
  ${
        each(({ x, gradient }, j) =>
          /* wgsl */ `let h = ${gradient} * gain[p.gain_at + ${j}];
    gains += h;
    products += h * (${x} - mean) * factor;`
        )
      }
  gains = reduce_sum(local, gains) / f32(p.cols);
  products = reduce_sum(local, products) / f32(p.cols);
  ${
        each(({ x, gradient }, j) =>
          /* wgsl */ `let g = ${gradient};
    let normal = (${x} - mean) * factor;
    gradientX[p.gradientX_at + start + ${j}] =
      factor * (g * gain[p.gain_at + ${j}] - gains - normal * products);
    summands[p.summands_at + start + ${j}] = g * normal;`
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
  reduceCols(gpu, { x: gradient, out: gradientBias, rows, cols, reduction: "sum" });
  gpu.free(summands);
}
