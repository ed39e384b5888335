import { type Check, checkOptions, type Checks, oneOf } from "@pare/tensor";
import { createDevice } from "../create_device.ts";
import type { Device } from "../device.ts";
import { createGpu } from "./gpu.ts";
import { createWebgpuKernels } from "./webgpu_kernels.ts";

/** Options of {@linkcode createWebgpuDevice}. */
export interface WebgpuOptions {
  /**
   * A device of the caller's own, which is not destroyed with the one that is made; one is requested
   * of the adapter by default, with the adapter's limits for buffers.
   */
  device?: GPUDevice;
  /** The adapter that a device is requested of, once; `navigator.gpu` is asked for one by default. */
  adapter?: GPUAdapter;
  /** Which adapter to request where there are several. @default {"high-performance"} */
  powerPreference?: "low-power" | "high-performance";
}

const OPTIONS: Checks<WebgpuOptions> = {
  device: methodsOf("a GPUDevice", "createBuffer"),
  adapter: methodsOf("a GPUAdapter", "requestDevice"),
  powerPreference: oneOf("low-power", "high-performance"),
};

function methodsOf(wanted: string, method: string): Check {
  return {
    wanted,
    schema: {},
    test: (value) => typeof value === "object" && value !== null && method in value,
  };
}

/**
 * Makes a device that computes on a GPU, through WebGPU, in f32.
 *
 * f64 arrays can be uploaded, downloaded, cast and summed into by `gram`; they are pairs of f32 with
 * 48 bits of precision and the range of f32. Nothing else computes in f64. The exponential function
 * is that of WGSL, with a relative error of (3 + 2|x|) · 2^-24.
 *
 * f16 is decoded as it is multiplied; numbers below 2^-14 may count as zero then.
 *
 * Infinities and NaN are handed on as far as the driver keeps to IEEE arithmetic, which WGSL does not
 * demand; maxima test for NaN by its bits. Squares beyond f32, of numbers beyond 1.8e19, are infinite.
 *
 * Operations only write commands. What the GPU refuses, its loss included, is thrown by a later
 * operation or by `download`.
 *
 * @example Multiply two matrices where there is a GPU
 * ```ts
 * import { createWebgpuDevice, downloadF32 } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const adapter = await navigator.gpu?.requestAdapter();
 * if (adapter) {
 *   using device = await createWebgpuDevice({ adapter });
 *   using a = device.upload(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]));
 *   using product = device.matmul(a, a);
 *   assertEquals((await downloadF32(device, product)).data, Float32Array.of(7, 10, 15, 22));
 * }
 * ```
 *
 * @param options Which GPU.
 * @returns A device named `webgpu`.
 * @throws {Error} If there is no WebGPU, or no adapter.
 */
export async function createWebgpuDevice(options: WebgpuOptions = {}): Promise<Device> {
  checkOptions("Cannot make a webgpu device", options, OPTIONS);
  if (options.device) return deviceOn(options.device, () => {});
  const adapter = options.adapter ?? await requestAdapter(options.powerPreference);
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({
    label: "@pare/linalg",
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  return deviceOn(device, () => device.destroy());
}

async function requestAdapter(
  powerPreference: "low-power" | "high-performance" = "high-performance",
): Promise<GPUAdapter> {
  const adapter = await globalThis.navigator?.gpu?.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new Error(
      "Cannot make a webgpu device as a GPU adapter must be there: current one is missing; " +
        "in Deno on Linux install a Vulkan driver (on Debian mesa-vulkan-drivers and libvulkan1), " +
        "elsewhere use a browser or runtime with WebGPU",
    );
  }
  return adapter;
}

function deviceOn(device: GPUDevice, onDispose: () => void): Device {
  // Missing where WebGPU is older than this property.
  const info: Partial<GPUAdapterInfo> = device.adapterInfo ?? {};
  const { description, vendor, architecture } = info;
  const adapterName = description || [vendor, architecture].filter(Boolean).join(" ") || "GPU";
  return createDevice(
    createWebgpuKernels(createGpu(device), `webgpu f32, ${adapterName}`, onDispose),
  );
}
