// C = op(A) op(B), op(M) being M or its transpose. With G the gradient of C,
//
//   Ḡ(op(A)) = G op(B)ᵀ        Ḡ(op(B)) = op(A)ᵀ G
//
// or the transposes of these where A or B is given transposed.

import { productInto } from "./product_into.ts";
import type { Variable } from "../variable.ts";

/** Options of {@linkcode matmul}. */
export interface ProductOptions {
  /** Whether `a` is given transposed, `[k, m]`. @default {false} */
  transposeA?: boolean;
  /** Whether `b` is given transposed, `[n, k]`. @default {false} */
  transposeB?: boolean;
}

/**
 * Multiplies two matrices.
 *
 * @example A weight of low rank
 * ```ts
 * import { createParameter, createTape, linear, matmul } from "@pare/autograd";
 * import { createReferenceDevice } from "@pare/linalg";
 * import { randomNormal } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * const left = createParameter(device, "left", randomNormal([6, 2], { seed: 1 }));
 * const right = createParameter(device, "right", randomNormal([2, 4], { seed: 2 }));
 * using tape = createTape(device);
 * const weight = matmul(tape.parameter(left), tape.parameter(right));
 * const x = tape.constant(tape.device.upload(randomNormal([3, 4], { seed: 3 })));
 * assertEquals(linear(x, weight).value.shape, [3, 6]);
 * ```
 *
 * @param a `[m, k]`.
 * @param b `[k, n]`.
 * @param options Which of them are given transposed.
 * @returns `[m, n]`.
 * @throws {ShapeError} If the inner dimensions differ.
 */
export function matmul(a: Variable, b: Variable, options: ProductOptions = {}): Variable {
  const { transposeA = false, transposeB = false } = options;
  const value = a.tape.device.matmul(a.value, b.value, { transposeA, transposeB });
  return a.tape.record(value, [a, b], (gradient, { device, add }) => {
    add(
      a,
      ...productInto(
        device,
        transposeA
          ? [b.value, gradient, { transposeA: transposeB, transposeB: true }]
          : [gradient, b.value, { transposeB: !transposeB }],
      ),
    );
    add(
      b,
      ...productInto(
        device,
        transposeB
          ? [gradient, a.value, { transposeA: true, transposeB: transposeA }]
          : [a.value, gradient, { transposeA: !transposeA }],
      ),
    );
  });
}
