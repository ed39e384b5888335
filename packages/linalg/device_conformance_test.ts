import type { Device } from "./device.ts";
import { KERNEL_NAMES, type KernelName } from "./kernels.ts";
import { createReferenceDevice } from "./reference/reference_device.ts";
import { DEVICE_CASES } from "./testing/device_conformance.ts";
import { createWasmDevice } from "./wasm/wasm_device.ts";
import { IS_SKIPPED } from "#adapter";
import { createWebgpuDevice } from "./webgpu/webgpu_device.ts";

// Every device, what it must be able to do in f64, and how it is made: null where the machine has
// none.
const DEVICES: readonly [
  name: string,
  doubles: readonly KernelName[],
  create: () => Promise<Device | null>,
][] = [
  ["reference", KERNEL_NAMES, () => Promise.resolve(createReferenceDevice())],
  ["wasm", KERNEL_NAMES, () => createWasmDevice({ threads: 3 })],
  ["wasm on one thread", KERNEL_NAMES, () => createWasmDevice({ threads: 1 })],
  ["webgpu", ["gather"], () => IS_SKIPPED ? Promise.resolve(null) : createWebgpuDevice()],
];

for (const [name, doubles, create] of DEVICES) {
  const device = await create();
  if (!device) {
    for (const { name: behaviour } of DEVICE_CASES) {
      Deno.test({ name: `${name}, missing here: ${behaviour}`, ignore: true, fn: () => {} });
    }
    continue;
  }
  Deno.test.afterAll(() => device[Symbol.dispose]());
  const target = {
    device,
    create: async () => {
      const other = await create();
      if (!other) throw new Error(`Cannot make another device as ${name} is gone`);
      return other;
    },
    doubles: new Set(doubles),
  };
  for (const { name: behaviour, run } of DEVICE_CASES) {
    Deno.test(`${name}: ${behaviour}`, () => run(target));
  }
}
