import type { HadamardOptions } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { HadamardFactors } from "../hadamard/hadamard_factors.ts";
import { hadamardOrder } from "../hadamard/hadamard_order.ts";
import { rowsOf } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `Device.hadamard`. */
export function hadamard<S>(
  context: Context<S>,
  factors: HadamardFactors<S>,
  array: DeviceArray,
  block: number,
  { inverse = false }: HadamardOptions = {},
): DeviceArray {
  const action = "Cannot transform";
  const [, cols] = rowsOf(action, array);
  const split = hadamardOrder(block);
  if (!split || cols % block !== 0) {
    throw new RangeError(
      `${action} as block must be a power of two, or one times the order of a Paley matrix, that ` +
        `divides ${cols}: current value is ${block}`,
    );
  }
  const { factor: order } = split;
  return mapArray(context, action, "hadamard", array, (mapped) => {
    const signs = order === 1 ? null : factors(order, inverse);
    context.kernels.hadamard({ ...mapped, block, order, signs });
  });
}
