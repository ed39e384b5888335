// y = a + b or a − b, where b may stand for every row, or for every element, of a. The gradient goes
// to both as it is, for b summed over what it stood for.

import type { Device, DeviceArray } from "@pare/linalg";
import type { Gradients } from "../tape.ts";
import type { Variable } from "../variable.ts";
import { sumTo } from "./sum_to.ts";

/**
 * Adds two variables.
 *
 * @param a Of any shape.
 * @param b Of the same shape, a vector as long as the last dimension, or one number `[1]`.
 * @returns The shape of `a`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function add(a: Variable, b: Variable): Variable {
  const value = a.tape.device.add(a.value, b.value);
  return a.tape.record(value, [a, b], (gradient, gradients) => {
    gradients.pass(a, gradient);
    passTo(b, gradient, gradients);
  });
}

/**
 * Subtracts `b` from `a`.
 *
 * @param a Of any shape.
 * @param b Of the same shape, a vector as long as the last dimension, or one number `[1]`.
 * @returns The shape of `a`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function subtract(a: Variable, b: Variable): Variable {
  const value = a.tape.device.subtract(a.value, b.value);
  return a.tape.record(value, [a, b], (gradient, gradients) => {
    gradients.pass(a, gradient);
    gradients.add(b, () => negated(gradient, b.value, gradients.device));
  });
}

function passTo(b: Variable, gradient: DeviceArray, { device, add, pass }: Gradients): void {
  if (b.value.shape.join() === gradient.shape.join()) pass(b, gradient);
  else add(b, () => sumTo(device, gradient, b.value.shape));
}

function negated(gradient: DeviceArray, { shape }: DeviceArray, device: Device): DeviceArray {
  if (shape.join() === gradient.shape.join()) return device.scale(gradient, -1);
  using sum = sumTo(device, gradient, shape);
  return device.scale(sum, -1);
}
