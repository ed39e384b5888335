import type { Device } from "@pare/linalg";
import { aroundOperations } from "./around_operations.ts";

/** A device, and how long its operations took. */
export interface TimedDevice {
  readonly device: Device;
  /** The ms spent in each operation so far, on the device and on its scopes. */
  readonly spentMs: ReadonlyMap<string, number>;
}

/**
 * Times the operations of a device that computes before it returns, as `wasm` does.
 *
 * @param device Stays as it is; what the timed one is asked for, it does.
 */
export function timeOperations(device: Device): TimedDevice {
  const spentMs = new Map<string, number>();
  const timed = aroundOperations(device, (operation, run) => {
    const start = performance.now();
    const result = run();
    spentMs.set(operation, (spentMs.get(operation) ?? 0) + performance.now() - start);
    return result;
  });
  return { device: timed, spentMs };
}
