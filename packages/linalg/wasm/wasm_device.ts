import { checkOptions, integer } from "@pare/tensor";
import { createDevice } from "../create_device.ts";
import type { Device } from "../device.ts";
import { createEngine } from "./engine.ts";
import { createWasmKernels } from "./wasm_kernels.ts";

/** Options of {@linkcode createWasmDevice}. */
export interface WasmDeviceOptions {
  /**
   * How many threads compute, the calling one included; as many as there are processors by
   * default. One where memory cannot be shared with workers, as in a page that is not isolated.
   */
  threads?: number;
}

/**
 * Makes a WebAssembly device: 128-bit vectors, fused multiplications where there are any, threads
 * over shared memory.
 *
 * Its results are the same to the last bit whatever the number of threads. Its arrays fit in 4 GiB
 * together; an operation that finds no room throws a `RangeError`. Disposing it ends its threads.
 *
 * @example Multiply two matrices
 * ```ts
 * import { createWasmDevice, downloadF32 } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * using device = await createWasmDevice({ threads: 2 });
 * using a = device.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
 * using product = device.matmul(a, a);
 * assertEquals((await downloadF32(device, product)).data, Float32Array.of(7, 10, 15, 22));
 * ```
 *
 * @param options How many threads.
 * @returns A device.
 * @throws {RangeError} If `threads` is not an integer from 1 to 256.
 */
export async function createWasmDevice(options: WasmDeviceOptions = {}): Promise<Device> {
  checkOptions("Cannot make a wasm device", options, { threads: integer(1, 256) });
  const processors = globalThis.navigator?.hardwareConcurrency ?? 1;
  const { threads = Math.min(256, processors) } = options;
  return createDevice(createWasmKernels(await createEngine({ threads })));
}
