// How the two factors of a low-rank method are stored, and what that takes.
//
// Quantized factors are stored one after the other, so that the second makes up for the first:
//
//   1. R is quantized, with the Gram matrix G of the layer's inputs where the quantizer weighs errors.
//   2. L is fitted again to R̂ as it was stored: the closed-form update of SVD-LLM (arXiv:2403.07378).
//   3. L is quantized, with the Gram matrix R̂ G R̂ᵀ of what it multiplies.
//
// Factors that are stored as they are get balanced before. Of a junction only L can be, as there is
// an identity in R, and has scales for its columns.

import { type Device, downloadF64 } from "@pare/linalg";
import {
  interpolative,
  type MatrixShape,
  type OperatorNode,
  type ProductOperator,
} from "@pare/operators";
import { type Tensor, toF64 } from "@pare/tensor";
import { balanceFactors } from "./balance_factors.ts";
import { type FactorStore, factorStoreOf } from "./factor_store.ts";
import { factorsOfJunction, joinFactors, type Junction, othersOf } from "./junction.ts";
import { identity } from "./identity.ts";
import type { LowRankOptions } from "./low_rank_options.ts";
import { rankOf } from "./rank.ts";
import { planLeft, storeLeft } from "./store_left.ts";
import type { HostMatrix } from "./upload_f64.ts";

/** Two factors before they are rounded: Ã = left · right. */
export interface Factors {
  /** L, f64 `[rows, k]`. */
  readonly left: Tensor<"f64">;
  /** R, f64 `[k, cols]`. */
  readonly right: Tensor<"f64">;
}

/** What storing factors needs to know beside them. */
export interface FactorsContext {
  /**
   * What L is fitted to again, `[rows, cols]`: the weight A; or `null` for the product of the
   * factors, where they were chosen for more than the loss on the inputs.
   */
  readonly weight: HostMatrix | null;
  /** The Gram matrix of the layer's inputs, f64 `[cols, cols]`; `null` where none is known. */
  readonly gram: Tensor<"f64"> | null;
  /** Where it is computed; it has f64. */
  readonly device: Device;
}

/**
 * Stores factors as the options say: the operator that {@linkcode planFactors} plans.
 *
 * @throws {RangeError} If a number is too large for its dtype.
 */
export async function storeFactors(
  factors: Factors,
  options: LowRankOptions,
  context: FactorsContext,
  store: FactorStore = factorStoreOf(options),
): Promise<ProductOperator> {
  const { gram, device } = context;
  if (options.storage === "junction") {
    return await storeJunction(await joinFactors(factors, device), options, context, store);
  }
  const target = await targetOf(options, store, context, () => factors);
  const { left, right } = store.isQuantizer ? await balanceFactors(factors, gram, device) : factors;
  const seen = store.needsGram("right") ? gram ?? identity(right.shape[1]) : null;
  const stored = await store.store("right", right, seen, device);
  return await storeLeft(store, left, stored, { target, gram, hasScales: false, device });
}

/**
 * Stores a junction as the options say: the operator that {@linkcode planJunction} plans.
 *
 * @throws {RangeError} If a number is too large for its dtype.
 */
export async function storeJunction(
  junction: Junction,
  options: LowRankOptions,
  context: FactorsContext,
  store: FactorStore = factorStoreOf(options),
): Promise<ProductOperator> {
  const { gram, device } = context;
  const { left, columns, rest } = junction;
  const target = await targetOf(options, store, context, () => factorsOfJunction(junction));
  const seen = rest && store.needsGram("right")
    ? gram ? othersOf(gram, columns) : identity(rest.shape[1])
    : null;
  const stored = interpolative(rest && await store.store("right", rest, seen, device), columns);
  const hasScales = store.isQuantizer;
  return await storeLeft(store, left, stored, { target, gram, hasScales, device });
}

/** What L is fitted to once R is rounded; `null` where it is left as it is. */
async function targetOf(
  { refit }: LowRankOptions,
  store: FactorStore,
  { weight, device }: FactorsContext,
  factors: () => Factors,
): Promise<Tensor<"f64"> | null> {
  if (!(refit ?? store.isQuantizer)) return null;
  return weight ? toF64(weight) : await productOf(factors(), device);
}

/** L R. */
async function productOf({ left, right }: Factors, device: Device): Promise<Tensor<"f64">> {
  using scope = device.scope();
  return await downloadF64(scope, scope.matmul(scope.upload(left), scope.upload(right)));
}

/**
 * Plans the factors of a matrix of that shape; the rank follows from the options.
 *
 * @throws {RangeError} If the rank saves nothing, or an option does not fit the shape.
 */
export function planFactors(shape: MatrixShape, options: LowRankOptions): OperatorNode {
  const rank = rankOf(shape, options);
  if (options.storage === "junction") return planJunction(shape, rank, options);
  const [rows, cols] = shape;
  const store = factorStoreOf(options);
  return {
    form: "product",
    left: planLeft(store, [rows, rank], false),
    right: store.plan("right", [rank, cols]),
  };
}

/** Plans the junction of a matrix of that shape and of given rank. */
export function planJunction(
  [rows, cols]: MatrixShape,
  rank: number,
  options: LowRankOptions,
): OperatorNode {
  const store = factorStoreOf(options);
  const rest = rank < cols ? store.plan("right", [rank, cols - rank]) : null;
  return {
    form: "product",
    left: planLeft(store, [rows, rank], store.isQuantizer),
    right: { form: "interpolative", shape: [rank, cols], rest },
  };
}

/**
 * The rank of a matrix of that shape, once all options are known to fit it.
 *
 * @throws {RangeError} If the rank saves nothing, or an option does not fit the shape.
 */
export function plannedRank(shape: MatrixShape, options: LowRankOptions): number {
  planFactors(shape, options);
  return rankOf(shape, options);
}
