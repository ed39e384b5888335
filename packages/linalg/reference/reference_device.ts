import { createDevice } from "../create_device.ts";
import type { Device } from "../device.ts";
import { createReferenceKernels } from "./reference_kernels.ts";

/**
 * Makes the reference device: plain TypeScript, sums in f64, slow; what the others are tested by.
 *
 * @example Multiply two matrices
 * ```ts
 * import { createReferenceDevice, downloadF32 } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = createReferenceDevice();
 * using a = device.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
 * using product = device.matmul(a, a);
 * assertEquals((await downloadF32(device, product)).data, Float32Array.of(7, 10, 15, 22));
 * ```
 *
 * @returns A device that needs nothing of the machine.
 */
export function createReferenceDevice(): Device {
  return createDevice(createReferenceKernels());
}
