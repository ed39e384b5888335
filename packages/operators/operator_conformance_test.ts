import {
  createReferenceDevice,
  createWasmDevice,
  createWebgpuDevice,
  type Device,
} from "@pare/linalg";
import { DEVICE_CASES, HOST_CASES } from "./testing/operator_conformance.ts";
import { OPERATORS } from "./testing/operators.ts";

// Every device, and how it is made: null where the machine has none.
const DEVICES: readonly (readonly [name: string, create: () => Promise<Device | null>])[] = [
  ["reference", () => Promise.resolve(createReferenceDevice())],
  ["wasm", () => createWasmDevice({ threads: 2 })],
  ["webgpu", createGpuDevice],
];

/** A GPU may be missing, but not where CI says that everything has to run. */
async function createGpuDevice(): Promise<Device | null> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (adapter) return await createWebgpuDevice({ adapter });
  const { state } = Deno.permissions.querySync({ name: "env", variable: "CI" });
  if (state === "granted" && Deno.env.get("CI") === "true") return await createWebgpuDevice();
  return null;
}

for (const { name: behaviour, run } of HOST_CASES) {
  for (const [name, operator] of OPERATORS) {
    Deno.test(`${behaviour}: ${name}`, () => run(operator));
  }
}

for (const [deviceName, create] of DEVICES) {
  const device = await create();
  if (!device) {
    Deno.test({
      name: `${deviceName}: no such device on this machine`,
      ignore: true,
      fn: () => {},
    });
    continue;
  }
  Deno.test.afterAll(() => device[Symbol.dispose]());
  for (const { name: behaviour, run } of DEVICE_CASES) {
    for (const [name, operator] of OPERATORS) {
      Deno.test(`${deviceName}: ${behaviour}: ${name}`, () => run(operator, device));
    }
  }
}
