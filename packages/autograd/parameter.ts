import type { Device, DeviceArray } from "@pare/linalg";
import type { AnyTensor } from "@pare/tensor";

/** An array that is trained, and the gradient that is gathered for it. */
export interface Parameter {
  /** What tells it from the others. */
  readonly name: string;
  /** Its numbers, which an optimizer changes in place. */
  readonly value: DeviceArray;
  /**
   * The gradient of the loss so far, of the same shape; `null` before the first backward pass and
   * after an optimizer's step.
   */
  gradient: DeviceArray | null;
}

/**
 * Uploads numbers to be trained.
 *
 * @param device Where to; whoever disposes it, or the scope that it is, frees the parameter.
 * @param name What tells it from the others.
 * @param value The numbers it starts from, f32 or f64; narrower floats become f32.
 * @returns The parameter, without a gradient.
 * @throws {TypeError} If the numbers are no floats.
 */
export function createParameter(device: Device, name: string, value: AnyTensor): Parameter {
  const array = device.upload(value);
  if (array.dtype === "f32" || array.dtype === "f64") return { name, value: array, gradient: null };
  array[Symbol.dispose]();
  throw new TypeError(
    `Cannot train ${name} as its numbers must be floats: current dtype is ${value.dtype}`,
  );
}
