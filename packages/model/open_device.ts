import { createWasmDevice, type Device } from "@pare/linalg";

/**
 * Makes the device of one call: a scope of the caller's, or a WebAssembly device of our own. Freeing
 * it frees what the call left behind.
 */
export async function openDevice(device: Device | undefined): Promise<Device> {
  return device?.scope() ?? await createWasmDevice();
}
