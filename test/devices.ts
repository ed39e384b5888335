// The devices that tests run on which are about more than one.

import {
  createReferenceDevice,
  createWasmDevice,
  createWebgpuDevice,
  type Device,
} from "@pare/linalg";
import { IS_SKIPPED } from "#adapter";

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
    ignore: IS_SKIPPED,
    create: () => createWebgpuDevice(),
  },
];
