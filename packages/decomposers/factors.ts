// How the two factors of a low-rank method are stored, and what that takes.

import type { Device } from "@pare/linalg";
import {
  dense,
  type DenseOperator,
  interpolative,
  type MatrixShape,
  type OperatorNode,
  product,
  type ProductOperator,
} from "@pare/operators";
import { castFinite, type Tensor } from "@pare/tensor";
import { joinFactors, type Junction } from "./junction.ts";
import type { FactorDtype, LowRankOptions } from "./low_rank_options.ts";
import { rankOf } from "./rank.ts";

/** Two factors before they are rounded: Ã = left · right. */
export interface Factors {
  /** L, f64 `[rows, k]`. */
  readonly left: Tensor<"f64">;
  /** R, f64 `[k, cols]`. */
  readonly right: Tensor<"f64">;
}

/** What storing factors needs to know beside them. */
export interface FactorsContext {
  /** The weight A that they stand for, f64 `[rows, cols]`. */
  readonly weight: Tensor<"f64">;
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
): Promise<ProductOperator> {
  const { factorDtype = "f16", storage = "factors" } = options;
  if (storage === "factors") {
    return product(storeFactor(factors.left, factorDtype), storeFactor(factors.right, factorDtype));
  }
  return storeJunction(await joinFactors(factors, context.device), options, context);
}

/**
 * Stores a junction that stands for `context.weight` as the options say: the operator that
 * {@linkcode planJunction} plans.
 *
 * @throws {RangeError} If a number is too large for its dtype.
 */
export function storeJunction(
  { left, columns, rest }: Junction,
  { factorDtype = "f16" }: LowRankOptions,
  _context: FactorsContext,
): ProductOperator {
  return product(
    storeFactor(left, factorDtype),
    interpolative(rest && storeFactor(rest, factorDtype), columns),
  );
}

function storeFactor(factor: Tensor<"f64">, dtype: FactorDtype): DenseOperator {
  return dense(castFinite("Cannot store a factor", factor, dtype));
}

/**
 * Plans the factors of a matrix of that shape; the rank follows from the options.
 *
 * @throws {RangeError} If the rank saves nothing, or an option does not fit the shape.
 */
export function planFactors(shape: MatrixShape, options: LowRankOptions): OperatorNode {
  const { factorDtype = "f16", storage = "factors" } = options;
  const rank = rankOf(shape, options);
  if (storage === "junction") return planJunction(shape, rank, options);
  const [rows, cols] = shape;
  return {
    form: "product",
    left: planFactor([rows, rank], factorDtype),
    right: planFactor([rank, cols], factorDtype),
  };
}

/** Plans the junction of a matrix of that shape and of given rank. */
export function planJunction(
  [rows, cols]: MatrixShape,
  rank: number,
  { factorDtype = "f16" }: LowRankOptions,
): OperatorNode {
  const rest = rank < cols ? planFactor([rank, cols - rank], factorDtype) : null;
  return {
    form: "product",
    left: planFactor([rows, rank], factorDtype),
    right: { form: "interpolative", shape: [rank, cols], rest },
  };
}

function planFactor(shape: MatrixShape, dtype: FactorDtype): OperatorNode {
  return { form: "dense", shape, dtype };
}
