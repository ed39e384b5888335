import { type Device, downloadF64 } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import type { Factors } from "./factors.ts";

/** What two factors leave of a matrix, D = A − L R: f64 `[m, n]`. */
export async function remainderOf(
  weight: Tensor<"f64">,
  { left, right }: Factors,
  device: Device,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const into = scope.upload(weight);
  scope.matmul(scope.upload(left), scope.upload(right), { alpha: -1, into });
  return await downloadF64(scope, into);
}
