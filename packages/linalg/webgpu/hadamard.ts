// Orthonormal Hadamard transform: runs of a power of two, then a dense factor if there is one.
//
// A workgroup transforms 4096 elements, blocks or part of a longer one, as 16 in the registers of each
// of 256 invocations: four levels at a time, with an exchange through workgroup memory between. Of
// the 12 bits of an element's place, registers hold
//
//   0, 1, 10, 11    as four vectors come from memory
//   2 to 5          after the first exchange
//   6 to 9          after the second, from where neighbours go to memory side by side
//
// so that each is read and written once, in runs of neighbours: what bounds it is global memory. Bits
// 2 to 4 of a place in workgroup memory are exchanged by bits 6 to 8, which keeps all accesses of 32
// neighbours in 32 banks. A longer block goes on with passes over global memory, four levels each.

import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { multiplyFactor } from "./hadamard_factor.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

/** Elements that a workgroup transforms: 16 KiB, which every device has. */
const RUN = 4096;

/** Elements in the registers of an invocation. */
const EACH = Array.from({ length: 16 }, (_, r) => r);

/** WGSL of one level: sums and differences of variables whose numbers differ in one bit. */
function level(prefix: string, count: number, bit: number): string {
  const lows = Array.from({ length: count }, (_, r) => r).filter((r) => (r & (1 << bit)) === 0);
  return lows.map((low) => {
    const [a, b] = [`${prefix}${low}`, `${prefix}${low + (1 << bit)}`];
    return `{ let d = ${a} - ${b}; ${a} += ${b}; ${b} = d; }`;
  }).join(" ");
}

/** The levels of `bits` that a transform of `levels` has, over 16 numbers in registers. */
function levelsOf(bits: readonly number[], levels: number): string {
  return bits.filter((bit) => bit < levels).map((bit) => level("v", 16, bits.indexOf(bit)))
    .join("\n  ");
}

/** Reads 16 numbers of workgroup memory, transforms them, and puts them back. */
function exchange(bits: readonly number[], levels: number): string {
  return `
  workgroupBarrier();
  ${EACH.map((r) => `v${r} = run[slot(at + ${r << bits[0]}) / 4][at % 4];`).join(" ")}
  ${levelsOf(bits, levels)}`;
}

function runKernel(levels: number): Kernel<"x", "out", "length" | "norm"> {
  const vectors = [0, 1, 2, 3];
  const first = [
    levels > 0
      ? vectors.map((j) => `q${j} = vec4f(q${j}.xz + q${j}.yw, q${j}.xz - q${j}.yw).xzyw;`)
      : [],
    levels > 1
      ? vectors.map((j) => `q${j} = vec4f(q${j}.xy + q${j}.zw, q${j}.xy - q${j}.zw);`)
      : [],
    levels > 10 ? level("q", 4, 0) : [],
    levels > 11 ? level("q", 4, 1) : [],
  ].flat();
  const isLong = levels > 6;
  const second = `
  ${vectors.map((j) => `run[slot(4 * (local + ${256 * j})) / 4] = q${j};`).join(" ")}
  ${EACH.map((r) => `var v${r}: f32;`).join(" ")}
  var at = local % 4 + local / 4 * 64;${exchange([2, 3, 4, 5], levels)}
  ${EACH.map((r) => `run[slot(at + ${4 * r}) / 4][at % 4] = v${r};`).join(" ")}`;
  const third = `
  at = local % 64 + local / 64 * 1024;${exchange([6, 7, 8, 9], levels)}
  ${
    EACH.map((r) =>
      `if (start + at + ${64 * r} < p.length) {
    out[p.out_at + start + at + ${64 * r}] = p.norm * v${r};
  }`
    ).join("\n  ")
  }`;
  const storeVectors = (value: (j: number) => string) =>
    vectors.map((j) => `
  if (start / 4 + local + ${256 * j} < p.length / 4) {
    out[p.out_at + start / 4 + local + ${256 * j}] = p.norm * ${value(j)};
  }`).join("");
  const middle = `${second}
  workgroupBarrier();${storeVectors((j) => `run[slot(4 * (local + ${256 * j})) / 4]`)}`;
  return {
    name: `hadamard ${levels}`,
    reads: { x: "vec4f" },
    writes: { out: isLong ? "f32" : "vec4f" },
    params: { length: "u32", norm: "f32" },
    code: () => /* wgsl */ `
var<workgroup> run: array<vec4f, ${RUN / 4}>;
fn slot(at: u32) -> u32 {
  return at ^ (((at >> 6) & 7) << 2);
}
${MAIN}
  let start = group * ${RUN};
  ${vectors.map((j) => `var q${j} = vec4f();`).join(" ")}
  ${
      vectors.map((j) =>
        `if (start / 4 + local + ${256 * j} < p.length / 4) {
    q${j} = x[p.x_at + start / 4 + local + ${256 * j}];
  }`
      ).join("\n  ")
    }
  ${first.join("\n  ")}
  ${levels <= 2 ? storeVectors((j) => `q${j}`) : isLong ? second + third : middle}
}`,
  };
}

/** Levels of a longer block, or of one that is not made of vectors, from `stride` on. */
function passKernel(levels: number, isInPlace: boolean): Kernel {
  const each = Array.from({ length: 2 ** levels }, (_, r) => r);
  const source = isInPlace ? "out" : "x";
  return {
    name: `hadamard pass ${levels}${isInPlace ? " in place" : ""}`,
    reads: isInPlace ? {} : { x: "f32" },
    writes: { out: "f32" },
    params: { length: "u32", stride: "u32", norm: "f32" },
    code: () =>
      /* wgsl */ `${MAIN}
  let i = group * ${GROUP_SIZE} + local;
  let low = i % p.stride + i / p.stride * p.stride * ${each.length};
  if (low >= p.length) { return; }
  ${each.map((r) => `var v${r} = ${source}[p.${source}_at + low + ${r} * p.stride];`).join(" ")}
  ${Array.from({ length: levels }, (_, bit) => level("v", each.length, bit)).join("\n  ")}
  ${each.map((r) => `out[p.out_at + low + ${r} * p.stride] = p.norm * v${r};`).join(" ")}
}`,
  };
}

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
  for (const [start, count] of pieces(length, gpu.maxWords, block)) {
    const pass = (stride: number, levels: number, isInPlace: boolean) =>
      gpu.dispatch(
        passKernel(levels, isInPlace),
        { x: view(x, start, count), out: view(out, start, count) },
        { length: count, stride, norm: isInPlace ? 1 : norm },
        Math.ceil(count / 2 ** levels / GROUP_SIZE),
      );
    if (start % 4 !== 0 || count % 4 !== 0) {
      // Blocks of one or two, which do not fill vectors.
      pass(1, Math.log2(block), false);
      continue;
    }
    const kernel = runKernel(Math.log2(Math.min(block, RUN)));
    const isVector = kernel.writes.out === "vec4f";
    gpu.dispatch(
      kernel,
      {
        x: view(x, start / 4, count / 4),
        out: isVector ? view(out, start / 4, count / 4) : view(out, start, count),
      },
      { length: count, norm },
      Math.ceil(count / RUN),
    );
    for (let stride = RUN; stride < block; stride *= 16) {
      pass(stride, Math.min(4, Math.log2(block / stride)), true);
    }
  }
}
