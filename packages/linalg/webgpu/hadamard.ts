// Orthonormal Hadamard transform. Runs of a power of two that fit into workgroup memory take one
// kernel; longer ones go on with one pass over global memory for each stride that does not. A dense
// factor comes last.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { multiplyFactor } from "./hadamard_factor.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

/** Elements that a workgroup transforms: blocks up to this long; 16 KiB, which every device has. */
const LONGEST_RUN = 4096;

/** The shortest run worth a workgroup; it takes several blocks. */
const SHORTEST_RUN = 1024;

function runKernel(run: number): Kernel<"x", "out", "length" | "block" | "norm"> {
  return {
    name: `hadamard ${run}`,
    reads: { x: "f32" },
    writes: { out: "f32" },
    params: { length: "u32", block: "u32", norm: "f32" },
    code: () => /* wgsl */ `
var<workgroup> run: array<f32, ${run}>;
${MAIN}
  let start = group * ${run}u;
  for (var i = local; i < ${run}u; i += ${GROUP_SIZE}u) {
    run[i] = 0;
    if (start + i < p.length) {
      run[i] = x[p.x_at + start + i];
    }
  }
  for (var stride = 1u; stride < p.block; stride *= 2u) {
    workgroupBarrier();
    for (var i = local; i < ${run / 2}u; i += ${GROUP_SIZE}u) {
      let low = 2u * i - (i & (stride - 1u));
      let a = run[low];
      let b = run[low + stride];
      run[low] = a + b;
      run[low + stride] = a - b;
    }
  }
  workgroupBarrier();
  for (var i = local; i < ${run}u; i += ${GROUP_SIZE}u) {
    if (start + i < p.length) {
      out[p.out_at + start + i] = run[i] * p.norm;
    }
  }
}`,
  };
}

const PASS: Kernel<never, "out", "length" | "stride"> = {
  name: "hadamard pass",
  reads: {},
  writes: { out: "f32" },
  params: { length: "u32", stride: "u32" },
  code: () =>
    /* wgsl */ `${MAIN}
  let i = group * ${GROUP_SIZE}u + local;
  if (2 * i >= p.length) { return; }
  let low = p.out_at + 2u * i - (i & (p.stride - 1u));
  let a = out[low];
  let b = out[low + p.stride];
  out[low] = a + b;
  out[low + p.stride] = a - b;
}`,
};

type HadamardParams = Parameters<Kernels<GpuStorage>["hadamard"]>[0];

/** Transforms each run of `block` elements. */
export function hadamard(gpu: Gpu, p: HadamardParams): void {
  const { x, out, length, block, order, signs } = p;
  const norm = 1 / Math.sqrt(block);
  if (!signs) return transformRuns(gpu, x, out, length, block, norm);
  const runs = gpu.allocate(length * 4);
  transformRuns(gpu, x, runs, length, block / order, norm);
  multiplyFactor(gpu, { x: runs, out, length, block, order, signs });
  gpu.free(runs);
}

/** The fast Walsh–Hadamard transform of runs of a power of two, times `norm`. */
function transformRuns(
  gpu: Gpu,
  x: GpuStorage,
  out: GpuStorage,
  length: number,
  block: number,
  norm: number,
): void {
  const run = Math.min(Math.max(block, SHORTEST_RUN), LONGEST_RUN);
  const kernel = runKernel(run);
  for (const [start, count] of pieces(length, gpu.maxWords, block)) {
    const whole = view(out, start, count);
    gpu.dispatch(
      kernel,
      { x: view(x, start, count), out: whole },
      { length: count, block: Math.min(block, run), norm },
      Math.ceil(count / run),
    );
    for (let stride = run; stride < block; stride *= 2) {
      gpu.dispatch(
        PASS,
        { out: whole },
        { length: count, stride },
        Math.ceil(count / 2 / GROUP_SIZE),
      );
    }
  }
}
