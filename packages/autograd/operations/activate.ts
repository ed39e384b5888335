// Functions of one number, applied to every element: ReLU, SiLU and GELU; alone, or as the gate of a
// gated linear unit (N. Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202). The
// derivatives are the device's.

import type { Activation } from "@pare/linalg";
import type { Variable } from "../variable.ts";

/**
 * Applies a function to every element.
 *
 * @param x Of any shape.
 * @param activation SiLU, GELU by the error function or by tanh, or ReLU, whose derivative at 0 is 0.
 * @returns The shape of `x`.
 */
export function activate(x: Variable, activation: Activation): Variable {
  const value = x.tape.device.activate(x.value, activation);
  return x.tape.record(value, [x], (gradient, { device, add }) => {
    add(x, () => device.activateGradient(x.value, gradient, activation));
  });
}

/**
 * Multiplies `up` element by element with a function of `gate`: SwiGLU with "silu".
 *
 * @param gate Of any shape.
 * @param up Of the same shape.
 * @param activation The function.
 * @returns The same shape.
 * @throws {ShapeError} If the shapes differ.
 */
export function gatedActivation(gate: Variable, up: Variable, activation: Activation): Variable {
  const value = gate.tape.device.gatedActivation(gate.value, up.value, activation);
  return gate.tape.record(value, [gate, up], (gradient, { device, add }) => {
    const gradients = device.gatedActivationGradient(gate.value, up.value, gradient, activation);
    add(gate, () => gradients.gate);
    add(up, () => gradients.up);
  });
}
