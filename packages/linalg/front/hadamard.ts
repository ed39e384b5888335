import type { DeviceArray } from "../device.ts";
import { rowsOf } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `Device.hadamard`. */
export function hadamard<S>(context: Context<S>, array: DeviceArray, block: number): DeviceArray {
  const action = "Cannot transform";
  const [, cols] = rowsOf(action, array);
  if (!Number.isInteger(Math.log2(block)) || block < 1 || cols % block !== 0) {
    throw new RangeError(
      `${action} as block must be a power of two that divides ${cols}: current value is ${block}`,
    );
  }
  return mapArray(context, action, "hadamard", array, (mapped) => {
    context.kernels.hadamard({ ...mapped, block });
  });
}
