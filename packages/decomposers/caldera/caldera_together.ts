// CALDERA for weights that read one input, with one right factor for all of them.
//
// With the weights W_1 … W_p of m_1 … m_p rows and n columns, one below the other:
//
//   [W_1 / s_1]   [Q_1 / s_1]   [L_1 / s_1]
//   [    ⋮    ] ≈ [    ⋮    ] + [    ⋮    ] R        s_i² = tr(W_i H W_iᵀ), to a power of two
//   [W_p / s_p]   [Q_p / s_p]   [L_p / s_p]
//
// It is CALDERA of the stack, with H of the common input, and takes k (Σ m_i + n) numbers for L and R
// in place of k (Σ m_i + p n): where all have n rows, 2p / (p + 1) times the rank at equal bytes. What
// quantizers do to the rows of one weight changes nothing for those of another one, so that each has a
// Q, an L and a rotation of its rows of its own; R and the rotation of the inputs are those of all.
//
// s_i makes a share of what one weight puts out cost what it costs of another one. Without it R serves
// those that put out much: queries and keys, as a rule, at the price of values. Weights are multiplied
// by s_i again before they are stored, which is exact.
//
// Loss: Σ tr(E_i H E_iᵀ) / s_i² over Σ tr(W_i H W_iᵀ) / s_i². Bound and cost: those of `caldera.ts` for
// the stack.

import type { Statistics } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { CalderaOptions } from "./caldera_options.ts";
import type { CompressedStack } from "./alternate_blocks.ts";
import { type CalderaRun, compressStack } from "./compress_stack.ts";
import { ACTION } from "./plan_caldera.ts";

/**
 * Compresses weights that read one input, as {@linkcode caldera} does one, with one right factor.
 *
 * @example Two weights with one right factor
 * ```ts
 * import { calderaTogether } from "@pare/decomposers";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const n = 32;
 * const gram = tensor(new Float64Array(n * n), [n, n]);
 * const meanAbs = tensor(new Float64Array(n).fill(1), [n]);
 * for (let i = 0; i < n; i++) gram.data[i * (n + 1)] = n - i;
 * const statistics = { tokens: 1, gram, meanAbs, maxAbs: meanAbs };
 * const weights = [randomNormal([48, n], { seed: 1 }), randomNormal([16, n], { seed: 2 })];
 * const options = { rank: 4, rotate: false };
 * const { operators: [a, b] } = await calderaTogether(weights, statistics, options);
 * assert(a.form === "sum" && b.form === "sum");
 * const [[, left], [, right]] = [a.terms, b.terms];
 * assert(left.form === "product" && right.form === "product" && left.right === right.right);
 * ```
 *
 * @param weights W_i, `[m_i, n]`, one or more.
 * @param statistics What calibration saw of their input.
 * @param options Those of {@linkcode caldera}; the rank, and the bits a weight may take, are of all
 * weights together.
 * @returns Q_i + L_i R for each weight in its random basis, and the losses of all of them together.
 * @throws {RangeError} If there is no weight, they are of different widths, or for what
 * {@linkcode caldera} throws one.
 * @throws {TypeError} If an option is unknown, or there are no statistics.
 */
export async function calderaTogether(
  weights: readonly Tensor[],
  statistics: Statistics | null,
  options: CalderaOptions & CalderaRun = {},
): Promise<CompressedStack> {
  if (weights.length === 0) {
    throw new RangeError(`${ACTION} as there must be a weight: current number is 0`);
  }
  return await compressStack(weights, statistics, options);
}
