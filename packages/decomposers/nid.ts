// Nested interpolative decomposition (NID): as NSVD, but the second stage takes columns of what the
// first one leaves.
//
// J. Lu et al., "Large Language Model Compression via the Nested Activation-Aware Decomposition",
// 2025, arXiv:2503.17101. With k = k₁ + k₂ split as by NSVD, and U₁ as there:
//
//   D = A - U₁ U₁ᵀ A    C = D[:, J], k₂ columns    D ≈ C Z, Z[:, J] = I    (column_interpolation.ts)
//   Ã = U₁ U₁ᵀ A + C Z
//
// It stores k₁ (m + n) + k₂ (m + n) - k₂² numbers and a bit for each column.
// Departs from the paper: D is what the first stage leaves as it is stored, so that C makes up for
// its rounding; columns are chosen by pivoted QR.
// Bound: Ã[:, J] = A[:, J] but for the rounding of C. As D - C Z is D projected out of the columns C,
//   ℓ(ASVD, k) <= ℓ <= ℓ(ASVD, k₁)    e(NSVD, k₁, k₂) <= e <= e(ASVD, k₁)
// though e may exceed e(ASVD, k). Cost: that of ASVD, 2 m n k₁, and 4 m n k₂ instead of another
// eigenproblem.

import { type Device, withDevice } from "@pare/linalg";
import {
  checkStatistics,
  type MatrixShape,
  type Operator,
  type OperatorNode,
  type ProductOperator,
  type Statistics,
  sum,
  toDense,
} from "@pare/operators";
import { type Check, checkOptions, type Tensor, toF64 } from "@pare/tensor";
import {
  type Factors,
  type FactorsContext,
  planFactors,
  planJunction,
  storeFactors,
  storeJunction,
} from "./factors.ts";
import { junctionOf } from "./junction.ts";
import type { DeviceOptions } from "./low_rank_options.ts";
import { splitRank } from "./nested_rank.ts";
import { NSVD_CHECKS, type NsvdOptions } from "./nsvd.ts";
import { checkWeight } from "./projector.ts";
import { numbersOfRank } from "./rank.ts";
import { rankWithin } from "./rank_within.ts";
import { remainderOf } from "./remainder.ts";
import { withRidge } from "./ridge.ts";
import { truncate } from "./truncate.ts";

/**
 * Options of {@linkcode nid}, those of NSVD: `storage` is that of the first stage, as the second one
 * is a junction anyway.
 */
export type NidOptions = NsvdOptions;

/** One rule per option of {@linkcode nid}. */
export const NID_CHECKS: Readonly<Record<keyof NidOptions, Check>> = NSVD_CHECKS;

const ACTION = "Cannot decompose by nested interpolation";

/**
 * Decomposes a matrix into two factors that most of the rank goes to, chosen by what the layer's
 * inputs weigh, and some columns of what they leave, of which the other columns are made.
 *
 * @example The columns that are chosen are kept as they are
 * ```ts
 * import { nid } from "@pare/decomposers";
 * import { toDense } from "@pare/operators";
 * import { tensor } from "@pare/tensor";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const weight = tensor(Float32Array.of(1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 3, 0, 0, 0, 0, 2), [4, 4]);
 * const statistics = {
 *   tokens: 2,
 *   gram: tensor(Float64Array.from({ length: 16 }, (_, i) => i === 0 ? 400 : i % 5 ? 0 : 1), [4, 4]),
 *   meanAbs: tensor(Float64Array.of(10, 0.5, 0.5, 0.5), [4]),
 *   maxAbs: tensor(Float64Array.of(20, 1, 1, 1), [4]),
 * };
 * const options = { rank: 2, nestedRank: 1, factorDtype: "f32" } as const;
 * const { data } = toDense(await nid(weight, statistics, options));
 * assertAlmostEquals(data[0], 1, 1e-6);
 * assertAlmostEquals(data[5], 9, 1e-6);
 * assertAlmostEquals(data[10], 0, 1e-6);
 * ```
 *
 * @param weight A, `[m, n]`.
 * @param statistics What calibration saw at the layer's input.
 * @param options The rank, its split, how the factors are stored, and the device.
 * @returns U₁ · U₁ᵀA + C · Z; one of the terms where all of the rank goes to it.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, the statistics are of
 * another width, a number is not finite, or a factor is too large for its dtype.
 * @throws {TypeError} If an option is unknown or there are no statistics.
 */
export async function nid(
  weight: Tensor,
  statistics: Statistics | null,
  options: NidOptions & DeviceOptions = {},
): Promise<Operator> {
  const { device, ...rest } = options;
  checkOptions(ACTION, rest, NID_CHECKS);
  const shape = checkWeight(ACTION, weight);
  const ranks = ranksOf(shape, rest);
  // What does not fit is refused before work starts.
  planStages(shape, ranks, rest);
  const seen = checkStatistics(ACTION, shape, statistics);
  return await withDevice(device, async (exact) => {
    const gram = withRidge(seen.gram, rest.ridge);
    const context = { weight: toF64(weight), gram, device: exact };
    const [first, then] = ranks;
    if (first === 0) return await secondStage(then, rest, context);
    const product = await firstStage(first, rest, seen, context, device);
    if (then === 0) return product;
    const remainder = await remainderOf(context.weight, factorsOf(product), exact);
    return sum(product, await secondStage(then, rest, { ...context, weight: remainder }));
  }, "f64");
}

/**
 * Tells what {@linkcode nid} returns for a matrix of the given shape.
 *
 * @param shape `[m, n]`.
 * @param options The same options.
 * @returns The node of the operator.
 * @throws {RangeError} If an option is out of range, the rank saves nothing, or its split takes more
 * than there is.
 * @throws {TypeError} If an option is unknown.
 */
export function planNid(shape: MatrixShape, options: NidOptions = {}): OperatorNode {
  checkOptions(ACTION, options, NID_CHECKS);
  return planStages(shape, ranksOf(shape, options), options);
}

function planStages(
  shape: MatrixShape,
  [first, then]: readonly [first: number, then: number],
  options: NidOptions,
): OperatorNode {
  const terms = [
    ...(first > 0 ? [planFactors(shape, ofFirst(options, first))] : []),
    ...(then > 0 ? [planJunction(shape, then, options)] : []),
  ];
  return terms.length === 1 ? terms[0] : { form: "sum", terms };
}

/** k₁ and k₂: as given, or the most that the share of the numbers holds. */
function ranksOf(shape: MatrixShape, options: NidOptions): [first: number, then: number] {
  const { nestedRank, storage } = options;
  const numbersOf = (rank: number) => {
    // Of ranks too small for the second stage the numbers are still asked for, to compare.
    const [first, then] = splitRank(rank, {
      ...options,
      nestedRank: nestedRank === undefined ? undefined : Math.min(nestedRank, rank),
    });
    return numbersOfRank(shape, first, storage) + numbersOfRank(shape, then, "junction");
  };
  return splitRank(rankWithin(shape, options, numbersOf), options);
}

/** Options for the first stage alone. */
function ofFirst(options: NidOptions, rank: number): NidOptions {
  return { ...options, rank, keep: undefined };
}

/** What a stage works on: `weight` is what it stands for. */
interface StageContext extends FactorsContext {
  readonly weight: Tensor<"f64">;
}

async function firstStage(
  rank: number,
  options: NidOptions,
  statistics: Statistics,
  context: StageContext,
  device?: Device,
): Promise<ProductOperator> {
  const { variant, ridge } = options;
  const stage = { rank, conditioner: { variant, ridge } };
  const factors = await truncate(context.weight, statistics, [stage], context.device, device);
  return await storeFactors(factors, ofFirst(options, rank), context);
}

async function secondStage(
  rank: number,
  options: NidOptions,
  context: StageContext,
): Promise<ProductOperator> {
  const junction = await junctionOf(context.weight, rank, context.device);
  // Columns are kept for what these inputs do not need: C fitted to D by them would undo it.
  return await storeJunction(junction, options, { ...context, weight: null });
}

/** The factors of a product as they are stored. */
function factorsOf({ left, right }: ProductOperator): Factors {
  return { left: toF64(toDense(left)), right: toF64(toDense(right)) };
}
