import type { Device, DeviceArray } from "@pare/linalg";
import type { Apply } from "./form.ts";

/** Does one step after the other, left out where `null`, and frees what lies between them. */
export function pipe(...steps: readonly (Apply | null)[]): Apply {
  return (x: DeviceArray, device: Device) => {
    let current = x;
    for (const step of steps) {
      if (step === null) continue;
      try {
        const next = step(current, device);
        if (current !== x) current[Symbol.dispose]();
        current = next;
      } catch (error) {
        if (current !== x) current[Symbol.dispose]();
        throw error;
      }
    }
    return current;
  };
}
