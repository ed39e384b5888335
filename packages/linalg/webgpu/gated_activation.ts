// activation'(x) · gradient, activation(gate) · up, and the derivatives of the latter.

import type { Activation } from "../device.ts";
import type { TrainingKernels } from "../training_kernels.ts";
import { activationOf } from "./activations.ts";
import { atEachElement, forEachElement, groupsFor } from "./elementwise.ts";
import type { Gpu } from "./gpu.ts";
import type { Kernel } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

type Params<K extends "activateGradient" | "gatedActivation" | "gatedActivationGradient"> =
  Parameters<TrainingKernels<GpuStorage>[K]>[0];

function gradientKernel(activation: Activation): Kernel<"x" | "gradient", "out", "length"> {
  return {
    name: `${activation} gradient`,
    reads: { x: "f32", gradient: "f32" },
    writes: { out: "f32" },
    params: { length: "u32" },
    code: () =>
      `${activationOf(activation)}
${forEachElement("gradient[p.gradient_at + i] * slope(x[p.x_at + i])")}`,
  };
}

/** The derivative of a function, times what came in. */
export function activateGradient(gpu: Gpu, p: Params<"activateGradient">): void {
  const kernel = gradientKernel(p.activation);
  for (const [start, count] of pieces(p.length, gpu.maxWords)) {
    gpu.dispatch(
      kernel,
      {
        x: view(p.x, start, count),
        gradient: view(p.gradient, start, count),
        out: view(p.out, start, count),
      },
      { length: count },
      groupsFor(count),
    );
  }
}

function gatedKernel(activation: Activation): Kernel<"gate" | "up", "out", "length"> {
  return {
    name: `gated ${activation}`,
    reads: { gate: "f32", up: "f32" },
    writes: { out: "f32" },
    params: { length: "u32" },
    code: () =>
      `${activationOf(activation)}
${forEachElement("activate(gate[p.gate_at + i]) * up[p.up_at + i]")}`,
  };
}

/** Applies a function to one array and multiplies with another. */
export function gatedActivation(gpu: Gpu, p: Params<"gatedActivation">): void {
  const kernel = gatedKernel(p.activation);
  for (const [start, count] of pieces(p.length, gpu.maxWords)) {
    gpu.dispatch(
      kernel,
      {
        gate: view(p.gate, start, count),
        up: view(p.up, start, count),
        out: view(p.out, start, count),
      },
      { length: count },
      groupsFor(count),
    );
  }
}

function gatedGradientKernel(
  activation: Activation,
): Kernel<"gate" | "up" | "gradient", "gradientGate" | "gradientUp", "length"> {
  return {
    name: `gated ${activation} gradient`,
    reads: { gate: "f32", up: "f32", gradient: "f32" },
    writes: { gradientGate: "f32", gradientUp: "f32" },
    params: { length: "u32" },
    code: () => /* wgsl */ `
${activationOf(activation)}
${
      atEachElement(`let v = gate[p.gate_at + i];
      let g = gradient[p.gradient_at + i];
      gradientGate[p.gradientGate_at + i] = g * up[p.up_at + i] * slope(v);
      gradientUp[p.gradientUp_at + i] = g * activate(v);`)
    }`,
  };
}

/** The derivatives of {@linkcode gatedActivation}, in one pass. */
export function gatedActivationGradient(gpu: Gpu, p: Params<"gatedActivationGradient">): void {
  const kernel = gatedGradientKernel(p.activation);
  for (const [start, count] of pieces(p.length, gpu.maxWords)) {
    gpu.dispatch(
      kernel,
      {
        gate: view(p.gate, start, count),
        up: view(p.up, start, count),
        gradient: view(p.gradient, start, count),
        gradientGate: view(p.gradientGate, start, count),
        gradientUp: view(p.gradientUp, start, count),
      },
      { length: count },
      groupsFor(count),
    );
  }
}
