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
import { joinFactors } from "./junction.ts";
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
  { device }: FactorsContext,
): Promise<ProductOperator> {
  const { factorDtype = "f16", storage = "factors" } = options;
  if (storage === "factors") {
    return product(storeFactor(factors.left, factorDtype), storeFactor(factors.right, factorDtype));
  }
  const { left, columns, rest } = await joinFactors(factors, device);
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
  const [rows, cols] = shape;
  const { factorDtype = "f16", storage = "factors" } = options;
  const rank = rankOf(shape, options);
  const left = planFactor([rows, rank], factorDtype);
  if (storage === "factors") {
    return { form: "product", left, right: planFactor([rank, cols], factorDtype) };
  }
  const rest = rank < cols ? planFactor([rank, cols - rank], factorDtype) : null;
  return { form: "product", left, right: { form: "interpolative", shape: [rank, cols], rest } };
}

function planFactor(shape: MatrixShape, dtype: FactorDtype): OperatorNode {
  return { form: "dense", shape, dtype };
}
