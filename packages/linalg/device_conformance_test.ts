import type { Device } from "./device.ts";
import { KERNEL_NAMES, type KernelName } from "./kernels.ts";
import { MISSING, type MissingName } from "./missing_kernels.ts";
import { createReferenceDevice } from "./reference/reference_device.ts";
import { DEVICE_CASES } from "./testing/device_conformance.ts";
import { createWasmDevice } from "./wasm/wasm_device.ts";
import { IS_SKIPPED } from "./webgpu/testing/gpu_test_device.ts";
import { createWebgpuDevice } from "./webgpu/webgpu_device.ts";

const ON_WASM = KERNEL_NAMES.filter((name) => !MISSING.wasm.has(name));

// Every device, what it must be able to do in f64, what it lacks, and how it is made: null where the
// machine has none.
const DEVICES: readonly [
  name: string,
  doubles: readonly KernelName[],
  missing: ReadonlySet<MissingName>,
  create: () => Promise<Device | null>,
][] = [
  ["reference", KERNEL_NAMES, new Set(), () => Promise.resolve(createReferenceDevice())],
  ["wasm", ON_WASM, MISSING.wasm, () => createWasmDevice({ threads: 3 })],
  ["wasm on one thread", ON_WASM, MISSING.wasm, () => createWasmDevice({ threads: 1 })],
  [
    "webgpu",
    ["gather"],
    MISSING.webgpu,
    () => IS_SKIPPED ? Promise.resolve(null) : createWebgpuDevice(),
  ],
];

for (const [name, doubles, missing, create] of DEVICES) {
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
  for (const { name: behaviour, needs = [], run } of DEVICE_CASES) {
    const ignore = needs.some((kernel) => missing.has(kernel));
    Deno.test({ name: `${name}: ${behaviour}`, ignore, fn: () => run(target) });
  }
}
