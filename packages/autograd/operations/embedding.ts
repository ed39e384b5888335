// x_t = E[id_t]; the gradient of a row of E is the sum of those of all tokens that it stood for.

import type { DeviceArray } from "@pare/linalg";
import { sizeOf } from "@pare/tensor";
import type { Variable } from "../variable.ts";

/**
 * Looks up rows of a matrix.
 *
 * @param weight `[vocabulary, width]`; any expression.
 * @param indices u32, of any shape: which row each token takes.
 * @returns `[…, width]`.
 * @throws {TypeError} If the indices are not u32.
 */
export function embedding(weight: Variable, indices: DeviceArray): Variable {
  const { device } = weight.tape;
  const { shape } = weight.value;
  const count = sizeOf(indices.shape);
  const flat = device.reshape(indices, [count]);
  using rows = device.gatherRows(weight.value, flat);
  const value = device.reshape(rows, [...indices.shape, shape[1]]);
  return weight.tape.record(value, [weight], (gradient, { device, add }) => {
    using _indices = flat;
    using added = device.reshape(gradient, [count, shape[1]]);
    add(
      weight,
      () => {
        const target = device.zeros(shape, gradient.dtype);
        device.scatterRows(target, flat, added);
        return target;
      },
      (target) => device.scatterRows(target, flat, added),
    );
  });
}
