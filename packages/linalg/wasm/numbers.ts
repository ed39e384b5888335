// The numbers by which the kernels know what they are to do.

import type { Activation } from "../device.ts";

const ACTIVATIONS: readonly Activation[] = ["silu", "gelu", "geluTanh", "relu"];

/** The number of an operation that runs in both f32 and f64. */
export function of(operation: number, dtype: "f32" | "f64"): number {
  return operation + (dtype === "f64" ? 1 : 0);
}

/** The number of an activation, as assembly/activation.ts has it. */
export function activationNumber(activation: Activation): number {
  return ACTIVATIONS.indexOf(activation);
}
