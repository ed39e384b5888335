// The low-rank step of CALDERA: the best L R of few bits for what the backbone leaves of a weight.
//
// R. Saha et al., "Compressing Large Language Models using Low Rank and Low Precision Decomposition",
// 2024, arXiv:2405.18886, algorithm 2 (LPLR factorization). For A, with H of the inputs:
//
//   L₀ = the k leading eigenvectors of A H Aᵀ    R₀ = L₀ᵀ A      the best of rank k
//   L = Q_L(A H Rᵀ (R H Rᵀ)⁻¹)    R = Q_R((Lᵀ L)⁻¹ Lᵀ A)         in turn, the best pair kept
//
// Each factor is the least-squares solution for the other one as it is stored. Its rounding is weighed
// by its own Hessian where a quantizer asks for one: an error D of R costs tr(Lᵀ L D H Dᵀ), Lᵀ L about
// a multiple of the identity, so that H is that of R; one of L costs tr(D R H Rᵀ Dᵀ).
//
// Departs from the paper: no root and no inverse of H; L goes first, as in the authors' code, and R is
// fitted to the new L; every pair that comes about is a candidate, also a new L with the R before; the
// Hessians of the factors. Factors that are not quantized are not alternated.
// Bound: with factors as they are, tr((A - L R) H (A - L R)ᵀ) = Σ_{i>k} λ_i of A H Aᵀ, and nothing of
// rank k has less; what is returned loses no more than any pair tried, but for rounding: losses are
// compared as sums of f32, known to about 2^-24 √n of tr(A H Aᵀ).
// Cost: that of the subspace, and for each iteration 2 k n² + 2 m n k and k² (m + n), beside what the
// quantizers of the factors take.

import type { DeviceArray } from "@pare/linalg";
import { castTo, type Tensor } from "@pare/tensor";
import { balanceFactors } from "../balance_factors.ts";
import { solvePositive } from "../solve_positive.ts";
import { bestOfRank } from "./best_of_rank.ts";
import { downloadAsF64 } from "./download_as_f64.ts";
import {
  type FactorPart,
  type StoredFactor,
  type StoredFactors,
  storeLeftParts,
  storeRightParts,
} from "./factor_parts.ts";
import type { Layer } from "./layer.ts";
import { raisedGram, sizesUnder } from "./raised_gram.ts";

/** The unit roundoff of what the device computes in. */
const EPSILON = 2 ** -24;

/** How the step is taken. */
export interface LowRankStepOptions {
  /** How the factors are stored; their ranks add up to k. */
  readonly parts: readonly FactorPart[];
  /** How often each factor is fitted to the other, 1 or more. */
  readonly innerIterations: number;
  /** Whether the factors are made to weigh the same before they are rounded. */
  readonly balance: boolean;
  /** Which random vectors a large eigenproblem begins with. */
  readonly seed: number;
}

/** L and R, and what rounding them took. */
export interface LowRankPart extends StoredFactors {
  /** δ: what is lost beyond the least of the rank, as a share of what that holds of tr(A H Aᵀ). */
  readonly noise: number;
}

/**
 * Finds L R for A.
 *
 * @param layer The inputs, and where it is computed.
 * @param a A, f32 `[m, n]`.
 * @param options The rank and how the factors are stored.
 */
export async function lowRankStep(
  layer: Layer,
  a: DeviceArray,
  options: LowRankStepOptions,
): Promise<LowRankPart> {
  const { parts, innerIterations, balance, seed } = options;
  const rank = parts.reduce((sum, part) => sum + part.rank, 0);
  const ideal = await bestOfRank(layer, a, rank, seed);
  const first = balance ? await balanceFactors(ideal, layer.damped, layer.exact) : ideal;
  const storeLeft = (left: Tensor<"f64">, normal: Tensor<"f64">) =>
    storeLeftParts(parts, left, normal, layer);
  const storeRight = (right: Tensor<"f64">) =>
    storeRightParts(parts, right, layer.gram, layer.device);

  let seen = await seenBehind(layer, a, castTo(first.right, "f32"));
  let left = await storeLeft(first.left, seen.normal);
  if (!parts.some(({ store }) => store.isQuantizer)) {
    return { left, right: await storeRight(first.right), noise: 0 };
  }
  const least = await lossOf(layer, { restored: castTo(first.left, "f32") }, seen);
  let right = await storeRight(await fitRight(layer, a, left));
  seen = await seenBehind(layer, a, right.restored);
  let best = { left, right, loss: await lossOf(layer, left, seen) };
  for (let iteration = 1; iteration < innerIterations; iteration++) {
    left = await storeLeft(await fitLeft(layer, seen), seen.normal);
    best = better(best, { left, right, loss: await lossOf(layer, left, seen) });
    right = await storeRight(await fitRight(layer, a, left));
    seen = await seenBehind(layer, a, right.restored);
    best = better(best, { left, right, loss: await lossOf(layer, left, seen) });
  }
  // Both losses are told less tr(A H Aᵀ), so that the least is what L₀ and R₀ hold, with a minus.
  return { ...best, noise: least < 0 ? Math.max(0, best.loss / -least + 1) : 0 };
}

/** What L is fitted by. */
interface Seen {
  /** R H Rᵀ, f64 `[k, k]`. */
  readonly normal: Tensor<"f64">;
  /** A H Rᵀ, f64 `[m, k]`. */
  readonly sides: Tensor<"f64">;
  /** What each row of R weighs by itself, as if channels had nothing to do with each other. */
  readonly sizes: Float64Array;
}

async function seenBehind(
  { hessian, damped, device }: Layer,
  a: DeviceArray,
  right: Tensor,
): Promise<Seen> {
  using scope = device.scope();
  const r = scope.upload(right);
  const weighted = scope.matmul(r, hessian);
  return {
    normal: await downloadAsF64(scope, scope.matmul(weighted, r, { transposeB: true })),
    sides: await downloadAsF64(scope, scope.matmul(a, weighted, { transposeB: true })),
    sizes: sizesUnder(damped, right),
  };
}

/** A H Rᵀ (R H Rᵀ)⁻¹, f64 `[m, k]`. */
function fitLeft(
  { damped, exact }: Layer,
  { normal, sides, sizes }: Seen,
): Promise<Tensor<"f64">> {
  const raised = raisedGram(normal, sizes, damped.shape[0], EPSILON);
  return solvePositive(raised, sides, "right", exact);
}

/** (Lᵀ L)⁻¹ Lᵀ A, f64 `[k, n]`. */
async function fitRight(
  { device, exact }: Layer,
  a: DeviceArray,
  { restored }: StoredFactor,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const [rows, rank] = restored.shape;
  const l = scope.upload(restored);
  const normal = await downloadAsF64(scope, scope.matmul(l, l, { transposeA: true }));
  const sides = await downloadAsF64(scope, scope.matmul(l, a, { transposeA: true }));
  const sizes = Float64Array.from({ length: rank }, (_, i) => normal.data[i * (rank + 1)]);
  return await solvePositive(raisedGram(normal, sizes, rows, EPSILON), sides, "left", exact);
}

/** tr((A - L R) H (A - L R)ᵀ) - tr(A H Aᵀ) = tr(Lᵀ L R H Rᵀ) - 2 tr(Lᵀ A H Rᵀ). */
async function lossOf(
  { device }: Layer,
  { restored }: StoredFactor,
  { normal, sides }: Seen,
): Promise<number> {
  using scope = device.scope();
  const l = scope.upload(restored);
  const own = await downloadAsF64(scope, scope.matmul(l, l, { transposeA: true }));
  return inner(own.data, normal.data) - 2 * inner(restored.data, sides.data);
}

function inner(a: ArrayLike<number>, b: Float64Array): number {
  return b.reduce((sum, value, i) => sum + value * a[i], 0);
}

/** The one of less loss; the first of two alike. */
function better<Pair extends { readonly loss: number }>(one: Pair, other: Pair): Pair {
  return other.loss < one.loss ? other : one;
}
