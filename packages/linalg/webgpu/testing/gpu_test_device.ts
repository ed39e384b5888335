// Where the tests of this folder get their devices: from the adapter of the machine, if it has one.

import { IS_SKIPPED } from "#adapter";
import { createDevice } from "../../create_device.ts";
import type { Device } from "../../device.ts";
import { createGpu, type Gpu, type GpuSettings } from "../gpu.ts";
import { createWebgpuKernels } from "../webgpu_kernels.ts";
import { reservedWordIn } from "./reserved_words.ts";

/** Requests a GPUDevice with the default limits. */
export async function requestGpuDevice(): Promise<GPUDevice> {
  // An adapter makes one device.
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) {
    throw new Error("Cannot test webgpu as an adapter must be there: current one is missing");
  }
  const device = await adapter.requestDevice();
  const createModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const word = reservedWordIn(descriptor.code);
    if (word) throw new SyntaxError(`${descriptor.label} uses "${word}", which WGSL reserves`);
    return createModule(descriptor);
  };
  return device;
}

/** Makes a device with settings that are not the users' to choose. */
export async function createTestDevice(settings: GpuSettings = {}): Promise<Device> {
  const device = await requestGpuDevice();
  return createDevice(createWebgpuKernels(createGpu(device, settings), "", () => device.destroy()));
}

/** Runs a test with a command stream of its own, or skips it visibly where there is no adapter. */
export function gpuTest(
  name: string,
  run: (gpu: Gpu, device: GPUDevice) => Promise<void>,
  settings: GpuSettings = {},
): void {
  Deno.test({
    name,
    ignore: IS_SKIPPED,
    fn: async () => {
      const device = await requestGpuDevice();
      const gpu = createGpu(device, settings);
      try {
        await run(gpu, device);
      } finally {
        gpu.dispose();
        device.destroy();
      }
    },
  });
}

/** Runs a test with a device, or skips it visibly where there is no adapter. */
export function deviceTest(
  name: string,
  run: (device: Device) => Promise<void>,
  settings: GpuSettings = {},
): void {
  Deno.test({
    name,
    ignore: IS_SKIPPED,
    fn: async () => {
      using device = await createTestDevice(settings);
      await run(device);
    },
  });
}
