// The Hessian that rounding is weighed by: second moments of the inputs, scaled and damped.
//
// E. Frantar, S. Ashkboos, T. Hoefler and D. Alistarh, "GPTQ", 2022, arXiv:2210.17323, section 3;
// the order of the steps is that of A. Tseng et al., "QuIP#", 2024, arXiv:2402.04396. From the Gram
// matrix G of the inputs, with d its mean diagonal:
//
//   H = G / d + σ I        h_ii = 1 + σ for a channel that was never anything but zero
//
// Scaled first, so that σ means the same for every layer. H is positive definite for σ > 0 whatever
// G is: singular for fewer tokens than channels, with dead channels, or all zeros. Cost: n².

import type { Tensor } from "@pare/tensor";

/** σ of {@linkcode dampedHessian} where nothing else is said. */
export const DEFAULT_DAMPING = 0.01;

/**
 * Makes the Hessian of a layer from the Gram matrix of its inputs.
 *
 * @example A channel that was always zero
 * ```ts
 * import { dampedHessian } from "@pare/quantizers";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const gram = tensor(Float64Array.of(8, 0, 0, 0), [2, 2]);
 * assertEquals(dampedHessian(gram, 0.5).data, Float64Array.of(2.5, 0, 0, 1.5));
 * ```
 *
 * @param gram G, symmetric `[n, n]`.
 * @param damping σ, as a share of the mean diagonal.
 * @returns H, f64 `[n, n]`.
 */
export function dampedHessian(
  gram: Tensor<"f64">,
  damping: number = DEFAULT_DAMPING,
): Tensor<"f64"> {
  const { dtype, shape } = gram;
  const [n] = shape;
  let trace = 0;
  for (let i = 0; i < n; i++) trace += gram.data[i * (n + 1)];
  const factor = trace > 0 ? n / trace : 0;
  const data = new Float64Array(gram.data.length);
  for (let i = 0; i < data.length; i++) data[i] = gram.data[i] * factor;
  for (let i = 0; i < n; i++) {
    const at = i * (n + 1);
    data[at] = (data[at] > 0 ? data[at] : 1) + damping;
  }
  return { dtype, shape, data };
}
