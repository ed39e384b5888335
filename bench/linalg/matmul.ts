// f32 matrix products on the CPU, against onnxruntime-web with as many threads.
//
// A run of onnxruntime-web copies its operands in and the product out; "copies included" does the
// same, the other one multiplies what is on the device already, as a forward pass does.

import { createReferenceDevice, createWasmDevice, type Device, downloadF32 } from "@pare/linalg";
import { randomNormal, type Tensor } from "@pare/tensor";
import { loadMatmul } from "../peers/onnxruntime.ts";

async function uploadAndMultiply(device: Device, a: Tensor, b: Tensor): Promise<Tensor> {
  using left = device.upload(a);
  using right = device.upload(b);
  using product = device.matmul(left, right);
  return await downloadF32(device, product);
}

/** The largest difference between two products, in parts of the largest element. */
function difference(actual: Float32Array, expected: Float32Array): number {
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return expected.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[i])), 0) /
    largest;
}

/**
 * Registers the benches of square products.
 *
 * @param threads How many threads each of the two may use; one number for the whole process.
 */
export async function benchMatmul(threads: number): Promise<void> {
  const device = await createWasmDevice({ threads });
  globalThis.addEventListener("unload", () => device[Symbol.dispose]());
  for (const n of [512, 1024]) {
    const a = randomNormal([n, n], { seed: 1 });
    const b = randomNormal([n, n], { seed: 2 });
    const multiply = await loadMatmul(n, n, n, threads);
    const product = await uploadAndMultiply(device, a, b);
    // Both sum n products in f32, in different orders: 2^-24 each, with room for random signs.
    if (difference(product.data, await multiply(a.data, b.data)) > n * 2 ** -24) {
      throw new Error("Cannot compare the speed of two products as they differ");
    }
    const [left, right] = [device.upload(a), device.upload(b)];
    const group = `matmul f32 ${n}x${n}x${n}, threads: ${threads}`;

    Deno.bench("onnxruntime-web", { group, baseline: true }, async () => {
      await multiply(a.data, b.data);
    });
    Deno.bench("wasm, copies included", { group }, async () => {
      await uploadAndMultiply(device, a, b);
    });
    Deno.bench("wasm", { group }, () => {
      using _product = device.matmul(left, right);
    });
  }
}

/** Registers the bench of the reference, which is there to be right. */
export function benchReferenceMatmul(): void {
  const n = 128;
  const device = createReferenceDevice();
  const a = device.upload(randomNormal([n, n], { seed: 1 }));
  const b = device.upload(randomNormal([n, n], { seed: 2 }));
  Deno.bench("reference", { group: `matmul f32 ${n}x${n}x${n}` }, () => {
    using _product = device.matmul(a, b);
  });
}
