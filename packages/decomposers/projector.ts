// The projector form that the whole SVD family shares: for orthonormal U_k,
//
//   Ã = L R    L = U_k    R = U_kᵀ A
//
// For any invertible conditioner S, (A S)_k S⁻¹ = U_k U_kᵀ A, where U_k are the left singular
// vectors of A S: no inverse, no division by a singular value, and defined for singular S too.

import { type Device, downloadF64 } from "@pare/linalg";
import type { MatrixShape } from "@pare/operators";
import { ShapeError, type Tensor } from "@pare/tensor";
import type { Factors } from "./factors.ts";
import { type HostMatrix, uploadF64 } from "./upload_f64.ts";

/** Projects `weight`, `[rows, cols]`, on the columns of `basis`, f64 `[rows, k]`. */
export async function projectOnto(
  weight: HostMatrix,
  basis: Tensor<"f64">,
  device: Device,
): Promise<Factors> {
  using scope = device.scope();
  const right = scope.matmul(scope.upload(basis), uploadF64(scope, weight), { transposeA: true });
  return { left: basis, right: await downloadF64(scope, right) };
}

/** The shape of a weight matrix; refuses other tensors and numbers that are not finite. */
export function checkWeight(action: string, { shape, data }: Tensor): MatrixShape {
  if (shape.length !== 2) throw new ShapeError(action, [-1, -1], shape);
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new RangeError(`${action} as every weight must be finite: current value is ${data[i]}`);
  }
  return [shape[0], shape[1]];
}
