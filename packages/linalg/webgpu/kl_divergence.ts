// Σ p (log p − log q) of each row, p and q the softmax of the teacher's and the student's logits times
// a factor, and its derivative with respect to the student, factor · (q − p) · gradient. With t and s
// what lies between the logits and their row's maximum, times the factor,
//
//   p = exp(t) / Σ exp(t)    log p − log q = t − s + log(Σ exp(s) / Σ exp(t))
//
// Distances are taken before they are multiplied: no logit is too large. A logit of −∞ of the teacher
// has p = 0 and adds nothing, whatever the student says.

import type { TrainingKernels } from "../training_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE } from "./kernel.ts";
import { dispatchRows, type Each, rowKernelFor } from "./row_kernel.ts";
import type { GpuStorage } from "./storage.ts";
import { LARGER, LOWEST, treeReduction } from "./tree.ts";

type Params<K extends "klDivergence" | "klDivergenceGradient"> = Parameters<
  TrainingKernels<GpuStorage>[K]
>[0];

const functions = (lanes: number) => /* wgsl */ `
${LARGER}
${treeReduction("max", "max", lanes, GROUP_SIZE)}
${treeReduction("sum", "sum", lanes, GROUP_SIZE)}`;

/** WGSL of the maximum and the sum of exponentials of both rows. */
const normalizers = (each: Each<"teacher" | "student">) => /* wgsl */ `
  var highest_t = ${LOWEST};
  var highest_s = ${LOWEST};
  ${
  each(({ teacher, student }) =>
    /* wgsl */ `highest_t = larger(highest_t, ${teacher});
    highest_s = larger(highest_s, ${student});`
  )
}
  highest_t = reduce_max(local, highest_t);
  highest_s = reduce_max(local, highest_s);
  var total_t = 0.0;
  var total_s = 0.0;
  ${
  each(({ teacher, student }) =>
    /* wgsl */ `total_t += exp(p.factor * (${teacher} - highest_t));
    total_s += exp(p.factor * (${student} - highest_s));`
  )
}
  total_t = reduce_sum(local, total_t);
  total_s = reduce_sum(local, total_s);`;

/** The divergence of each row. */
export function klDivergence(gpu: Gpu, p: Params<"klDivergence">): void {
  const { teacher, student, out, rows, cols, factor } = p;
  const kernel = rowKernelFor({
    name: "klDivergence",
    rows: ["teacher", "student"],
    reads: {},
    writes: { out: "f32" },
    params: { factor: "f32" },
    functions,
    body: (each) =>
      /* wgsl */ `${normalizers(each)}
  var sum = 0.0;
  ${
        each(({ teacher, student }) =>
          /* wgsl */ `let t = p.factor * (${teacher} - highest_t);
    let weight = exp(t);
    if (weight != 0) { sum += weight * (t - p.factor * (${student} - highest_s)); }`
        )
      }
  sum = reduce_sum(local, sum);
  if (is_lead) { out[p.out_at + row] = sum / total_t + log(total_s / total_t); }`,
  }, cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perRow }) => ({
      teacher: matrix(teacher),
      student: matrix(student),
      out: perRow(out),
    }),
    { rows, cols, factor },
  );
}

/** The derivative of {@linkcode klDivergence} with respect to the student's logits. */
export function klDivergenceGradient(gpu: Gpu, p: Params<"klDivergenceGradient">): void {
  const { teacher, student, gradient, out, rows, cols, factor } = p;
  const kernel = rowKernelFor({
    name: "klDivergence gradient",
    rows: ["teacher", "student"],
    reads: { gradient: "f32" },
    writes: { out: "f32" },
    params: { factor: "f32" },
    functions,
    body: (each) =>
      /* wgsl */ `${normalizers(each)}
  var coming = 0.0;
  if (row < p.rows) { coming = p.factor * gradient[p.gradient_at + row]; }
  ${
        each(({ teacher, student }, j) =>
          /* wgsl */ `out[p.out_at + start + ${j}] =
      coming * (exp(p.factor * (${student} - highest_s)) / total_s -
        exp(p.factor * (${teacher} - highest_t)) / total_t);`
        )
      }`,
  }, cols);
  dispatchRows(
    gpu,
    kernel,
    ({ matrix, perRow }) => ({
      teacher: matrix(teacher),
      student: matrix(student),
      gradient: perRow(gradient),
      out: matrix(out),
    }),
    { rows, cols, factor },
  );
}
