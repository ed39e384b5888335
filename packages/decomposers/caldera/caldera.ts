// CALDERA: a weight as Q + L R, all three of few bits, fitted to the layer's inputs in a random basis.
//
// R. Saha, N. Sagan, V. Srivastava, A. Goldsmith and M. Pilanci, "Compressing Large Language Models
// using Low Rank and Low Precision Decomposition", NeurIPS 2024, arXiv:2405.18886. With the Gram matrix
// G of the inputs, d its mean diagonal, and U, V randomized Hadamard transforms:
//
//   W_r = U W Vᵀ    G_r = V G Vᵀ    H = G_r / d + σ I
//   Q, L, R in turn towards least tr((W_r - Q - L R) H (W_r - Q - L R)ᵀ)    Ŵ = Uᵀ (Q + L R) V
//
// `alternate_blocks.ts` takes turns, `low_rank_step.ts` fits L and R, `downdate.ts` tells rounding what
// they will make up for; Q, L and R are rounded by any quantizer. With rank 0 it is the quantizer of Q
// alone in the random basis.
//
// Departs from the paper: the scale of W is left to those of the quantizers, which none of it depends
// on; see the files named for the rest. The preset `reference` is the paper's; the other one takes what
// proved itself, see docs/decisions/0013-caldera-defaults.md.
// Bound: the result loses no more than any other of its run, and no more after more iterations.
// Cost: for each iteration that of both steps; for a result m n².

import type { CompressedWeight, Statistics } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { type CalderaOptions, withPreset } from "./caldera_options.ts";
import { type CalderaRun, compressStack } from "./compress_stack.ts";

/**
 * Compresses a matrix to a backbone of few bits and a correction of low rank, also of few bits.
 *
 * @example Nearer to what the layer does than its backbone alone
 * ```ts
 * import { caldera } from "@pare/decomposers";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assert } from "@std/assert";
 *
 * const n = 32;
 * const gram = tensor(new Float64Array(n * n), [n, n]);
 * const meanAbs = tensor(new Float64Array(n).fill(1), [n]);
 * for (let i = 0; i < n; i++) gram.data[i * (n + 1)] = n - i;
 * const statistics = { tokens: 1, gram, meanAbs, maxAbs: meanAbs };
 * const weight = randomNormal([64, n], { seed: 1 });
 * const lossOf = async (rank: number) => {
 *   const { convergence } = await caldera(weight, statistics, { rank });
 *   return convergence.losses[convergence.chosen];
 * };
 * assert(await lossOf(8) < await lossOf(0));
 * ```
 *
 * @param weight W, `[m, n]`.
 * @param statistics What calibration saw of the layer's inputs.
 * @param options The rank or a size, the quantizers, how long to go on, the device, and what is called
 * behind each result with how many there were.
 * @returns Q + L R in the random basis, and the loss behind each step, from where both parts are there.
 * @throws {RangeError} If an option is out of range or does not fit the shape, the statistics are of
 * another width, or a number is not finite or too large for its dtype.
 * @throws {TypeError} If an option is unknown, or there are no statistics.
 */
export async function caldera(
  weight: Tensor,
  statistics: Statistics | null,
  options: CalderaOptions & CalderaRun = {},
): Promise<CompressedWeight> {
  const { operators: [operator], convergence } = await compressStack([weight], statistics, options);
  return { operator, convergence };
}

/**
 * Tells how many results {@linkcode caldera} tells the losses of at most.
 *
 * @param options The same options.
 * @returns The largest number of losses in its convergence.
 */
export function calderaIterations(options: CalderaOptions = {}): number {
  const { iterations, finalPass, downdate, rank } = withPreset(options);
  // The first step of all has no result, as one of the parts is not there yet.
  return rank === 0 ? 1 : iterations * (finalPass && downdate !== 0 ? 3 : 2) - 1;
}
