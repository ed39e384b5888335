// y = x Wᵀ + b over the last dimension of x. With G the gradient of y, as a matrix of all tokens,
//
//   Ḡ(x) = G W        Ḡ(W) = Gᵀ x        Ḡ(b) = Σ G over tokens

import { sizeOf } from "@pare/tensor";
import type { Variable } from "../variable.ts";
import { add } from "./add.ts";
import { productInto } from "./product_into.ts";

/**
 * Applies a linear layer.
 *
 * @param x `[…, inFeatures]`.
 * @param weight `[outFeatures, inFeatures]`; any expression.
 * @param bias `[outFeatures]`; none by default.
 * @returns `[…, outFeatures]`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function linear(x: Variable, weight: Variable, bias?: Variable): Variable {
  const { shape } = x.value;
  const tokens = sizeOf(shape.slice(0, -1));
  const [rows, cols] = weight.value.shape;
  const value = x.tape.device.matmul(x.value, weight.value, { transposeB: true });
  const y = x.tape.record(value, [x, weight], (gradient, { device, add }) => {
    using outputs = device.reshape(gradient, [tokens, rows]);
    using inputs = device.reshape(x.value, [tokens, cols]);
    add(
      x,
      () => device.matmul(gradient, weight.value),
      (target) => {
        using into = device.reshape(target, [tokens, cols]);
        device.matmul(outputs, weight.value, { into });
      },
    );
    add(weight, ...productInto(device, [outputs, inputs, { transposeA: true }]));
  });
  return bias ? add(y, bias) : y;
}
