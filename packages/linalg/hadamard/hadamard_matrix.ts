import type { Tensor } from "@pare/tensor";
import { hadamardOrder } from "./hadamard_order.ts";
import { paleyMatrix } from "./paley.ts";

/**
 * Makes the matrix that {@linkcode Device.hadamard} multiplies with, not normalized: G ⊗ S, the dense
 * factor G of {@linkcode hadamardOrder} times the Sylvester matrix S[i, j] = (-1)^|i ∧ j|, whose index
 * varies fastest.
 *
 * @example H Hᵀ = n I
 * ```ts
 * import { hadamardMatrix } from "@pare/linalg";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(hadamardMatrix(2).data, Float32Array.of(1, 1, 1, -1));
 * ```
 *
 * @param order The rows and columns.
 * @returns Its entries, 1 and -1.
 * @throws {RangeError} If {@linkcode hadamardOrder} knows none of this order.
 */
export function hadamardMatrix(order: number): Tensor {
  const split = hadamardOrder(order);
  if (!split) {
    throw new RangeError(
      `Cannot make a Hadamard matrix as its order must be a power of two, or that times the order ` +
        `of a Paley matrix up to 512: current order is ${order}`,
    );
  }
  const { factor, power } = split;
  const dense = factor === 1 ? Int8Array.of(1) : paleyMatrix(factor);
  const data = new Float32Array(order * order);
  for (let i = 0; i < order; i++) {
    const row = Math.floor(i / power) * factor;
    for (let j = 0; j < order; j++) {
      const sign = parity((i % power) & (j % power)) ? -1 : 1;
      data[i * order + j] = sign * dense[row + Math.floor(j / power)];
    }
  }
  return { dtype: "f32", shape: [order, order], data };
}

/** Whether an odd number of bits is set. */
function parity(bits: number): boolean {
  let odd = false;
  for (; bits; bits &= bits - 1) odd = !odd;
  return odd;
}
