// The projector form that the whole SVD family shares: for orthonormal U_k,
//
//   Ã = L R    L = U_k    R = U_kᵀ A
//
// For any invertible conditioner S, (A S)_k S⁻¹ = U_k U_kᵀ A, where U_k are the left singular
// vectors of A S: no inverse, no division by a singular value, and defined for singular S too.

import { type Device, downloadF64 } from "@pare/linalg";
import {
  dense,
  type MatrixShape,
  type OperatorNode,
  product,
  type ProductOperator,
} from "@pare/operators";
import { castFinite, castTo, ShapeError, type Tensor, toF64 } from "@pare/tensor";

/** The dtypes that factors are stored in. */
export type FactorDtype = "f32" | "f16" | "bf16";

/**
 * Projects `weight` on the columns of `basis`, f64 `[rows, k]`, and rounds the factors; refuses
 * numbers that are too large for their dtype.
 */
export async function projectOnto(
  weight: Tensor,
  basis: Tensor<"f64">,
  dtype: FactorDtype,
  device: Device,
): Promise<ProductOperator> {
  using scope = device.scope();
  const u = scope.upload(basis);
  const right = scope.matmul(u, scope.upload(toF64(weight)), { transposeA: true });
  return product(
    dense(castTo(basis, dtype)),
    dense(castFinite("Cannot store a factor", await downloadF64(scope, right), dtype)),
  );
}

/** The node of a product of two dense factors. */
export function planFactors(
  [rows, cols]: MatrixShape,
  rank: number,
  dtype: FactorDtype,
): OperatorNode {
  return {
    form: "product",
    left: { form: "dense", shape: [rows, rank], dtype },
    right: { form: "dense", shape: [rank, cols], dtype },
  };
}

/** The first `count` columns of a matrix. */
export function leadingCols(matrix: Tensor<"f64">, count: number): Tensor<"f64"> {
  const [rows, cols] = matrix.shape;
  const data = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) {
    data.set(matrix.data.subarray(i * cols, i * cols + count), i * count);
  }
  return { dtype: "f64", shape: [rows, count], data };
}

/** The shape of a weight matrix; refuses other tensors and numbers that are not finite. */
export function checkWeight(action: string, weight: Tensor): MatrixShape {
  if (weight.shape.length !== 2) throw new ShapeError(action, [-1, -1], weight.shape);
  const bad = weight.data.find((value) => !Number.isFinite(value));
  if (bad !== undefined) {
    throw new RangeError(`${action} as every weight must be finite: current value is ${bad}`);
  }
  return [weight.shape[0], weight.shape[1]];
}
