// y = a ⊙ b, where b may stand for every row, or for every element, of a:
//
//   Ḡ(a) = Ḡ(y) ⊙ b        Ḡ(b) = Ḡ(y) ⊙ a, summed over what b stood for

import type { Variable } from "../variable.ts";
import { sumTo } from "./sum_to.ts";

/**
 * Multiplies two variables element by element.
 *
 * @example A layer's output under a factor that is trained
 * ```ts
 * import { createParameter, createTape, multiply, sum } from "@pare/autograd";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const factor = createParameter(device, "factor", tensor(Float32Array.of(1), [1]));
 * using tape = createTape(device);
 * const output = tape.constant(tape.device.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2])));
 * tape.backward(sum(multiply(output, tape.parameter(factor))));
 * const gradient = factor.gradient && await device.download(factor.gradient);
 * assertEquals(gradient?.data, Float32Array.of(10));
 * ```
 *
 * @param a Of any shape.
 * @param b Of the same shape, a vector as long as the last dimension, or one number `[1]`.
 * @returns The shape of `a`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function multiply(a: Variable, b: Variable): Variable {
  const value = a.tape.device.multiply(a.value, b.value);
  return a.tape.record(value, [a, b], (gradient, { device, add }) => {
    add(a, () => device.multiply(gradient, b.value));
    add(b, () => {
      const product = device.multiply(gradient, a.value);
      if (b.value.shape.join() === a.value.shape.join()) return product;
      using all = product;
      return sumTo(device, all, b.value.shape);
    });
  });
}

/**
 * Multiplies every element with one number that is not trained.
 *
 * @param x Of any shape.
 * @param factor The number.
 * @returns The shape of `x`.
 */
export function scale(x: Variable, factor: number): Variable {
  const value = x.tape.device.scale(x.value, factor);
  return x.tape.record(value, [x], (gradient, { device, add }) => {
    add(x, () => device.scale(gradient, factor));
  });
}
