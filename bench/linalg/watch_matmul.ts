import type { Device } from "@pare/linalg";

/** A device, and how long its products took. */
export interface WatchedDevice {
  readonly device: Device;
  /** The ms spent in `matmul` so far, on it and on its scopes. */
  spentMs(): number;
}

/**
 * Watches the products of a device that computes before it returns, as `wasm` does.
 *
 * @param device Stays as it is; what the watched one is asked for, it does.
 */
export function watchMatmul(device: Device): WatchedDevice {
  let spentMs = 0;
  const watch = <D extends Device>(inner: D): D => ({
    ...inner,
    scope: () => watch(inner.scope()),
    matmul: (a, b, options) => {
      const start = performance.now();
      const product = inner.matmul(a, b, options);
      spentMs += performance.now() - start;
      return product;
    },
  });
  return { device: watch(device), spentMs: () => spentMs };
}
