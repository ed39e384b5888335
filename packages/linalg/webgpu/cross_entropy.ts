// log Σ exp(z) − z[target] of each row of logits, and its derivative, (softmax(z) − onehot) · gradient.
// Exponentials are those of distances from the row's maximum, so that none overflows.

import type { TrainingKernels } from "../training_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { dispatchRows, type Each, rowKernelFor } from "./row_kernel.ts";
import type { GpuStorage } from "./storage.ts";
import { LARGER, LOWEST, treeReduction } from "./tree.ts";

type Params<K extends "crossEntropy" | "crossEntropyGradient"> = Parameters<
  TrainingKernels<GpuStorage>[K]
>[0];

const functions = (lanes: number) => /* wgsl */ `
${LARGER}
${treeReduction("max", "max", lanes, GROUP_SIZE)}
${treeReduction("sum", "sum", lanes, GROUP_SIZE)}`;

/** WGSL of `highest`, the row's maximum, and of `total`, the sum of exp(z − highest). */
const normalizer = (each: Each<"logits">) => /* wgsl */ `
  var highest = ${LOWEST};
  ${each(({ logits }) => `highest = larger(highest, ${logits});`)}
  highest = reduce_max(local, highest);
  var total = 0.0;
  ${each(({ logits }) => `total += exp(${logits} - highest);`)}
  total = reduce_sum(local, total);`;

const TARGET = "min(targets[p.targets_at + row], p.cols - 1)";

/** The cross-entropy of each row. */
export function crossEntropy(gpu: Gpu, p: Params<"crossEntropy">): void {
  const { logits, targets, out, rows, cols } = p;
  const kernel = rowKernelFor({
    name: "crossEntropy",
    rows: ["logits"],
    reads: { targets: "u32" },
    writes: { out: "f32" },
    params: {},
    functions,
    body: (each) =>
      /* wgsl */ `${normalizer(each)}
  if (is_lead) {
    out[p.out_at + row] = log(total) - (logits[p.logits_at + start + ${TARGET}] - highest);
  }`,
  }, cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perRow }) => ({
      logits: matrix(logits),
      targets: perRow(targets),
      out: perRow(out),
    }),
    { rows, cols },
  );
}

/** The derivative of {@linkcode crossEntropy} with respect to the logits. */
export function crossEntropyGradient(gpu: Gpu, p: Params<"crossEntropyGradient">): void {
  const { logits, targets, gradient, out, rows, cols } = p;
  const kernel = rowKernelFor({
    name: "crossEntropy gradient",
    rows: ["logits"],
    reads: { targets: "u32", gradient: "f32" },
    writes: { out: "f32" },
    params: {},
    functions,
    body: (each) =>
      /* wgsl */ `${normalizer(each)}
  var coming = 0.0;
  var token = 0u;
  if (row < p.rows) {
    coming = gradient[p.gradient_at + row];
    token = ${TARGET};
  }
  ${
        each(({ logits }, j) =>
          /* wgsl */ `out[p.out_at + start + ${j}] =
      coming * (exp(${logits} - highest) / total - select(0.0, 1.0, ${j} == token));`
        )
      }`,
  }, cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perRow }) => ({
      logits: matrix(logits),
      targets: perRow(targets),
      gradient: perRow(gradient),
      out: matrix(out),
    }),
    { rows, cols },
  );
}
