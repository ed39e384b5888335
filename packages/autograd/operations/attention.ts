// Causal attention with grouped heads. Of the probabilities only the logarithm of each row's sum is
// kept, from which the backward pass computes them anew: T. Dao et al., "FlashAttention: Fast and
// Memory-Efficient Exact Attention with IO-Awareness", 2022, arXiv:2205.14135, section 3.1 and
// appendix B.2. The derivative is the device's.

import type { AttentionOptions } from "@pare/linalg";
import type { Variable } from "../variable.ts";

/** Options of {@linkcode attention}: those of `Device.attention` that a training pass has a use for. */
export type CausalAttentionOptions = Omit<AttentionOptions, "keyCount" | "logSumExp">;

/**
 * Attends to all earlier tokens, or to those in a window.
 *
 * @param q Queries `[…, tokens, heads · headSize]`.
 * @param k Keys `[…, tokens, kvHeads · headSize]`.
 * @param v Values of the shape of `k`.
 * @param options How many heads there are, a scale, a window.
 * @returns The shape of `q`.
 * @throws {ShapeError} If the shapes do not fit.
 */
export function attention(
  q: Variable,
  k: Variable,
  v: Variable,
  options: CausalAttentionOptions,
): Variable {
  const { device } = q.tape;
  const { shape, dtype } = q.value;
  const logSumExp = device.zeros([...shape.slice(0, -1), options.heads], dtype);
  const out = device.attention(q.value, k.value, v.value, { ...options, logSumExp });
  return q.tape.record(out, [q, k, v], (gradient, { device, add }) => {
    using _statistics = logSumExp;
    const record = { q: q.value, k: k.value, v: v.value, out, logSumExp };
    const gradients = device.attentionGradient(record, gradient, options);
    add(q, () => gradients.q);
    add(k, () => gradients.k);
    add(v, () => gradients.v);
  });
}
