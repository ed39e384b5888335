// The devices that tests of this package run on.

import {
  createReferenceDevice,
  createWasmDevice,
  createWebgpuDevice,
  type Device,
} from "@pare/linalg";

const HAS_ADAPTER = Boolean(await navigator.gpu?.requestAdapter());

/** Whether this runs where a missing adapter is a failure, not a reason to skip. */
function isContinuousIntegration(): boolean {
  const permission = Deno.permissions.querySync({ name: "env", variable: "CI" });
  return permission.state === "granted" && Boolean(Deno.env.get("CI"));
}

/** Every kind of device: its name, whether tests on it are skipped, how it is made. */
export const DEVICES: readonly [name: string, ignore: boolean, create: () => Promise<Device>][] = [
  ["reference", false, () => Promise.resolve(createReferenceDevice())],
  ["wasm", false, () => createWasmDevice({ threads: 2 })],
  ["webgpu", !HAS_ADAPTER && !isContinuousIntegration(), () => createWebgpuDevice()],
];
