import type { Device, DeviceArray } from "@pare/linalg";
import type { ProductOptions } from "./matmul.ts";

/** A product as `Gradients.add` takes it: made anew, or added to a gradient in place. */
export function productInto(
  device: Device,
  [a, b, options]: readonly [DeviceArray, DeviceArray, ProductOptions],
): [fresh: () => DeviceArray, into: (target: DeviceArray) => void] {
  return [
    () => device.matmul(a, b, options),
    (into) => void device.matmul(a, b, { ...options, into }),
  ];
}
