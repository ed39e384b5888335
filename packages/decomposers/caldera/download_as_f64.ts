import type { Device, DeviceArray } from "@pare/linalg";
import { type Tensor, toF64 } from "@pare/tensor";

/** Downloads an array of floats, widened to f64. */
export async function downloadAsF64(device: Device, array: DeviceArray): Promise<Tensor<"f64">> {
  return toF64(await device.download(array));
}
