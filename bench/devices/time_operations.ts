import type { Device } from "@pare/linalg";
import { aroundOperations } from "./around_operations.ts";

/** A device, and how long its operations took and how often they were called. */
export interface TimedDevice {
  readonly device: Device;
  /** The ms spent in each operation so far, on the device and on its scopes. */
  readonly spentMs: ReadonlyMap<string, number>;
  /** The calls of each operation so far. */
  readonly calls: ReadonlyMap<string, number>;
}

/**
 * Times and counts the operations of a device. Times mean something where it computes before it
 * returns, as `wasm` does.
 *
 * @param device Stays as it is; what the timed one is asked for, it does.
 */
export function timeOperations(device: Device): TimedDevice {
  const spentMs = new Map<string, number>();
  const calls = new Map<string, number>();
  const timed = aroundOperations(device, (operation, run) => {
    calls.set(operation, (calls.get(operation) ?? 0) + 1);
    const start = performance.now();
    const result = run();
    spentMs.set(operation, (spentMs.get(operation) ?? 0) + performance.now() - start);
    return result;
  });
  return { device: timed, spentMs, calls };
}
