import type { Device } from "@pare/linalg";

/** A device, and how long one of its operations took. */
export interface WatchedDevice {
  readonly device: Device;
  /** The ms spent in the operation so far, on the device and on its scopes. */
  spentMs(): number;
}

/**
 * Watches an operation of a device that computes before it returns, as `wasm` does.
 *
 * @param device Stays as it is; what the watched one is asked for, it does.
 * @param operation The operation.
 */
export function watchOperation(device: Device, operation: keyof Device & string): WatchedDevice {
  let spentMs = 0;
  const watch = <D extends Device>(inner: D): D => {
    const run = inner[operation] as (...operands: unknown[]) => unknown;
    return {
      ...inner,
      scope: () => watch(inner.scope()),
      [operation]: (...operands: unknown[]) => {
        const start = performance.now();
        const result = run(...operands);
        spentMs += performance.now() - start;
        return result;
      },
    };
  };
  return { device: watch(device), spentMs: () => spentMs };
}
