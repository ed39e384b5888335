import type { DeviceArray } from "@pare/linalg";
import type { Apply } from "./form.ts";

/** Takes activation `indices[j]` for each j; a step of {@linkcode pipe}. */
export function gatherCols(indices: DeviceArray): Apply {
  return (x, device) => device.gatherCols(x, indices);
}
