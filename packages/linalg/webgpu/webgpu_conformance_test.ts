import { DEVICE_CASES } from "../testing/device_conformance.ts";
import { createTestDevice, IS_SKIPPED } from "./testing/gpu_test_device.ts";

// The whole suite once more where a binding holds so little that most arrays are cut into pieces.
const SETTINGS = { maxBindingBytes: 33 * 1024 };

const device = IS_SKIPPED ? null : await createTestDevice(SETTINGS);
Deno.test.afterAll(() => device?.[Symbol.dispose]());

for (const { name, run } of DEVICE_CASES) {
  Deno.test({
    name: `webgpu in small bindings: ${name}`,
    ignore: device === null,
    fn: async () => {
      if (!device) return;
      await run({ device, create: () => createTestDevice(SETTINGS), doubles: new Set(["gather"]) });
    },
  });
}
