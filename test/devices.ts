// The devices that tests run on which are about more than one.

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

/** One kind of device. */
export interface DeviceKind {
  /** Its name. */
  readonly kind: string;
  /** Whether tests on it are skipped, as the machine has none. */
  readonly ignore: boolean;
  /** Makes one. */
  readonly create: () => Promise<Device>;
}

/** Every kind of device. */
export const DEVICE_KINDS: readonly DeviceKind[] = [
  { kind: "reference", ignore: false, create: () => Promise.resolve(createReferenceDevice()) },
  { kind: "wasm", ignore: false, create: () => createWasmDevice({ threads: 2 }) },
  {
    kind: "webgpu",
    ignore: !HAS_ADAPTER && !isContinuousIntegration(),
    create: () => createWebgpuDevice(),
  },
];
