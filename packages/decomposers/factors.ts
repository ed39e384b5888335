// How the two factors of a low-rank method are stored, and what that takes.

import type { Device } from "@pare/linalg";
import {
  dense,
  type MatrixShape,
  type OperatorNode,
  product,
  type ProductOperator,
} from "@pare/operators";
import { castFinite, type Tensor } from "@pare/tensor";
import type { LowRankOptions } from "./low_rank_options.ts";
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
export function storeFactors(
  { left, right }: Factors,
  options: LowRankOptions,
  _context: FactorsContext,
): Promise<ProductOperator> {
  const { factorDtype = "f16" } = options;
  const action = "Cannot store a factor";
  return Promise.resolve(product(
    dense(castFinite(action, left, factorDtype)),
    dense(castFinite(action, right, factorDtype)),
  ));
}

/**
 * Plans the factors of a matrix of that shape; the rank follows from the options.
 *
 * @throws {RangeError} If the rank saves nothing, or an option does not fit the shape.
 */
export function planFactors(shape: MatrixShape, options: LowRankOptions): OperatorNode {
  const [rows, cols] = shape;
  const { factorDtype: dtype = "f16" } = options;
  const rank = rankOf(shape, options);
  return {
    form: "product",
    left: { form: "dense", shape: [rows, rank], dtype },
    right: { form: "dense", shape: [rank, cols], dtype },
  };
}
