import type { Device } from "./device.ts";
import { createWasmDevice } from "./wasm/wasm_device.ts";

/**
 * Calls `body` with the given device, or with a WebAssembly device made for this one call.
 *
 * @param device The caller's device, left open; `undefined` for one of our own.
 * @param body What to do on it.
 * @returns What `body` returns.
 */
export async function withDevice<T>(
  device: Device | undefined,
  body: (device: Device) => Promise<T>,
): Promise<T> {
  if (device) return await body(device);
  using own = await createWasmDevice();
  return await body(own);
}
