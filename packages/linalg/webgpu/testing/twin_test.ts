// Tests that compute the same on the reference device, on small integers, so that every sum is exact
// in f32 in whatever order.

import { assert, assertEquals } from "@std/assert";
import { type AnyTensor, castTo, randomUniform, sizeOf, tensor } from "@pare/tensor";
import type { Device, UploadOptions } from "../../device.ts";
import type { DeviceArray, DeviceDtype } from "../../device_array.ts";
import { createReferenceDevice } from "../../reference/reference_device.ts";
import type { GpuSettings } from "../gpu.ts";
import { deviceTest } from "./gpu_test_device.ts";

/** What both devices compute, of what `put` uploads. */
export type Compute = (put: (tensor: AnyTensor) => DeviceArray, device: Device) => DeviceArray;

/** Integers from -4 to 4; of integer dtypes, all there are. */
export function integers(
  shape: readonly number[],
  seed: number,
  dtype: DeviceDtype = "f32",
): AnyTensor {
  const numbers = [...randomUniform([sizeOf(shape)], { seed }).data];
  const small = () => Float32Array.from(numbers, (x) => Math.floor(9 * x) - 4);
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: small() };
    case "f64":
      return { dtype, shape, data: Float64Array.from(small()) };
    case "f16":
      return castTo(tensor(small(), shape), dtype);
    case "u32":
      return { dtype, shape, data: Uint32Array.from(numbers, (x) => Math.floor(2 ** 32 * x)) };
    case "u8":
      return { dtype, shape, data: Uint8Array.from(numbers, (x) => Math.floor(256 * x)) };
  }
}

/** Indices below `end`, and one that is not, which stands for the last. */
export function indices(count: number, end: number): AnyTensor {
  const data = randomUniform([count], { seed: 9 }).data;
  const below = Uint32Array.from(data, (x) => Math.floor(end * x));
  below[count - 1] = end + 5;
  return { dtype: "u32", shape: [count], data: below };
}

/** A tensor of halves stays one. */
function optionsFor({ dtype }: AnyTensor): UploadOptions {
  return dtype === "f16" ? { dtype } : {};
}

/**
 * Computes on the reference device and on a GPU, and compares.
 *
 * @param settings How the GPU is used, and how far off an element may be; not at all by default.
 */
export function twinTest(
  name: string,
  compute: Compute,
  { bound = 0, ...settings }: GpuSettings & { bound?: number } = {},
): void {
  deviceTest(name, async (device) => {
    using reference = createReferenceDevice();
    const on = (target: Device) => (x: AnyTensor) => target.upload(x, optionsFor(x));
    const expected = await reference.download(compute(on(reference), reference));
    const actual = await device.download(compute(on(device), device));
    assertEquals(actual.shape, expected.shape);
    if (bound === 0) return assertEquals(actual, expected);
    for (let i = 0; i < actual.data.length; i++) {
      const error = Math.abs(Number(actual.data[i]) - Number(expected.data[i]));
      assert(error <= bound, `element ${i} is off by ${error}`);
    }
  }, settings);
}
