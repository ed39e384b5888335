import type { Device, DeviceArray } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";

/** A matrix on the host in f32, or in f64 where it has more digits. */
export type HostMatrix = Tensor | Tensor<"f64">;

/** Uploads a matrix in f64; what it takes in f32 on the way is freed at once. */
export function uploadF64(device: Device, matrix: HostMatrix): DeviceArray {
  if (matrix.dtype === "f64") return device.upload(matrix);
  using single = device.upload(matrix);
  return device.cast(single, "f64");
}
