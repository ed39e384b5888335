import type { Device } from "@pare/linalg";

/** What is done around an operation: calls it, and returns what it returned. */
export type Around = <T>(operation: string, run: () => T) => T;

/**
 * Does something around every operation of a device and of its scopes.
 *
 * @param device Stays as it is; what the new one is asked for, it does.
 * @param around What to do.
 */
export function aroundOperations<D extends Device>(device: D, around: Around): D {
  const operations = Object.entries(device).map(([name, member]) => {
    if (typeof member !== "function") return [name, member];
    return [name, (...operands: unknown[]) => around(name, () => member(...operands))];
  });
  return {
    ...device,
    ...Object.fromEntries(operations),
    scope: () => aroundOperations(device.scope(), around),
  };
}
