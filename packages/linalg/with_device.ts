import type { Device } from "./device.ts";
import type { DeviceDtype } from "./device_array.ts";
import { createWasmDevice } from "./wasm/wasm_device.ts";

/**
 * Calls `body` with the given device, or with a WebAssembly device made for this one call where
 * none is given or the one given cannot multiply in the dtype that the work needs.
 *
 * @example Work that needs f64, wherever the caller is
 * ```ts
 * import { downloadF64, withDevice } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const square = await withDevice(undefined, async (device) => {
 *   using a = device.upload(tensor(Float64Array.of(3), [1, 1]));
 *   using product = device.matmul(a, a);
 *   return await downloadF64(device, product);
 * }, "f64");
 * assertEquals(square.data[0], 9);
 * ```
 *
 * @param device The caller's device, left open; `undefined` for one of our own.
 * @param body What to do on it.
 * @param dtype What the device must multiply in; f32, which all can, by default.
 * @returns What `body` returns.
 */
export async function withDevice<T>(
  device: Device | undefined,
  body: (device: Device) => Promise<T>,
  dtype: DeviceDtype = "f32",
): Promise<T> {
  if (device?.supports(dtype)) return await body(device);
  using own = await createWasmDevice();
  return await body(own);
}
