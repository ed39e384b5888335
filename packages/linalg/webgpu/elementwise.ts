// One element from one element, or from two: scale, activate, add, subtract, multiply.

import type { Activation } from "../device.ts";
import type { Kernels } from "../kernels.ts";
import { activationOf } from "./activations.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

type Params<K extends "scale" | "activate" | "binary"> = Parameters<Kernels<GpuStorage>[K]>[0];

/** Elements that one invocation computes. */
const PER_INVOCATION = 4;
const RUN = GROUP_SIZE * PER_INVOCATION;

/** The entry point of a kernel that does something at each element `i`. */
export function atEachElement(statements: string): string {
  return /* wgsl */ `${MAIN}
  for (var step = 0u; step < ${PER_INVOCATION}u; step++) {
    let i = group * ${RUN}u + step * ${GROUP_SIZE}u + local;
    if (i < p.length) {
      ${statements}
    }
  }
}`;
}

/** The entry point of a kernel that sets `out` at element `i` to an expression. */
export function forEachElement(expression: string): string {
  return atEachElement(`out[p.out_at + i] = ${expression};`);
}

/** How many workgroups {@linkcode atEachElement} needs for so many elements. */
export function groupsFor(length: number): number {
  return Math.ceil(length / RUN);
}

const SCALE: Kernel<"x", "out", "length" | "factor"> = {
  name: "scale",
  reads: { x: "f32" },
  writes: { out: "f32" },
  params: { length: "u32", factor: "f32" },
  code: () => forEachElement("x[p.x_at + i] * p.factor"),
};

/** Multiplies every element with one number. */
export function scale(gpu: Gpu, { x, out, length, factor }: Params<"scale">): void {
  for (const [start, count] of pieces(length, gpu.maxWords)) {
    const arrays = { x: view(x, start, count), out: view(out, start, count) };
    gpu.dispatch(SCALE, arrays, { length: count, factor }, groupsFor(count));
  }
}

function activateKernel(activation: Activation): Kernel<"x", "out", "length"> {
  return {
    name: activation,
    reads: { x: "f32" },
    writes: { out: "f32" },
    params: { length: "u32" },
    code: () => /* wgsl */ `
${activationOf(activation)}
${forEachElement("activate(x[p.x_at + i])")}`,
  };
}

/** Applies a function to every element. */
export function activate(gpu: Gpu, { x, out, length, activation }: Params<"activate">): void {
  const kernel = activateKernel(activation);
  for (const [start, count] of pieces(length, gpu.maxWords)) {
    const arrays = { x: view(x, start, count), out: view(out, start, count) };
    gpu.dispatch(kernel, arrays, { length: count }, groupsFor(count));
  }
}

const OPERATORS = { add: "+", subtract: "-", multiply: "*" };

function binaryKernel(
  operation: "add" | "subtract" | "multiply",
): Kernel<"a" | "b", "out", "length" | "period"> {
  return {
    name: operation,
    reads: { a: "f32", b: "f32" },
    writes: { out: "f32" },
    params: { length: "u32", period: "u32" },
    code: () =>
      forEachElement(
        `a[p.a_at + i] ${OPERATORS[operation]} b[p.b_at + i % p.period]`,
      ),
  };
}

/** Combines two arrays element by element; the second is repeated. */
export function binary(gpu: Gpu, p: Params<"binary">): void {
  const { a, b, out, length, period, operation } = p;
  const kernel = binaryKernel(operation);
  const run = (first: number, count: number, firstB: number, countB: number) => {
    const arrays = {
      a: view(a, first, count),
      b: view(b, firstB, countB),
      out: view(out, first, count),
    };
    gpu.dispatch(kernel, arrays, { length: count, period: countB }, groupsFor(count));
  };
  if (period <= gpu.maxWords) {
    // In pieces of whole periods, so that each starts where b does.
    for (const [first, count] of pieces(length, gpu.maxWords, period)) {
      run(first, count, 0, period);
    }
    return;
  }
  for (let row = 0; row < length; row += period) {
    for (const [first, count] of pieces(period, gpu.maxWords)) {
      run(row + first, count, first, count);
    }
  }
}
