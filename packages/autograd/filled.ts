import type { Device, DeviceArray, DeviceDtype } from "@pare/linalg";
import { sizeOf, tensor } from "@pare/tensor";

/** Makes an array of one number, in f64 if that is asked for, or else in f32. */
export function filled(
  device: Device,
  value: number,
  shape: readonly number[],
  dtype: DeviceDtype,
): DeviceArray {
  const size = sizeOf(shape);
  return dtype === "f64"
    ? device.upload(tensor(new Float64Array(size).fill(value), shape))
    : device.upload(tensor(new Float32Array(size).fill(value), shape));
}
