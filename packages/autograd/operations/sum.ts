// Everything summed to one number: s = Σ x, its mean s / n, and the squared norm ‖x‖² = Σ x²:
//
//   ∂s / ∂x = 1        ∂(s / n) / ∂x = 1 / n        ∂‖x‖² / ∂x = 2 x

import { sizeOf } from "@pare/tensor";
import { filled } from "../filled.ts";
import { squareSum } from "../square_sum.ts";
import type { Variable } from "../variable.ts";
import { scale } from "./multiply.ts";
import { sumTo } from "./sum_to.ts";

/**
 * Sums all elements.
 *
 * @param x Of any shape.
 * @returns `[1]`.
 */
export function sum(x: Variable): Variable {
  const { shape, dtype } = x.value;
  return x.tape.record(sumTo(x.tape.device, x.value, [1]), [x], (gradient, { device, add }) => {
    add(x, () => {
      using ones = filled(device, 1, shape, dtype);
      return device.multiply(ones, gradient);
    });
  });
}

/**
 * Takes the mean of all elements.
 *
 * @param x Of any shape.
 * @returns `[1]`.
 */
export function mean(x: Variable): Variable {
  return scale(sum(x), 1 / sizeOf(x.value.shape));
}

/**
 * Sums the squares of all elements; of a difference, the squared distance.
 *
 * @example How far a layer changes what comes in
 * ```ts
 * import { createParameter, createTape, squaredNorm, subtract } from "@pare/autograd";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const after = createParameter(device, "after", tensor(Float32Array.of(3, 5), [2]));
 * using tape = createTape(device);
 * const before = tape.constant(tape.device.upload(tensor(Float32Array.of(0, 1), [2])));
 * const distance = squaredNorm(subtract(tape.parameter(after), before));
 * assertEquals((await device.download(distance.value)).data, Float32Array.of(25));
 * ```
 *
 * @param x Of any shape.
 * @returns `[1]`.
 */
export function squaredNorm(x: Variable): Variable {
  return x.tape.record(squareSum(x.tape.device, x.value), [x], (gradient, { device, add }) => {
    using twice = device.scale(gradient, 2);
    add(x, () => device.multiply(x.value, twice));
  });
}
