import { type Device, withDevice } from "@pare/linalg";
import type { Operator } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import type { ColumnRounding } from "./column_quantizer.ts";

/**
 * Rounds all columns of a matrix as they are, none making up for another.
 *
 * @param weight The weights, `[rows, cols]`.
 * @param device Where to compute; a WebAssembly device made for the call if there is none.
 * @param begin Begins to round any number of columns.
 * @returns The operator of all columns.
 */
export async function roundAtOnce<O extends Operator>(
  weight: Tensor,
  device: Device | undefined,
  begin: (device: Device) => ColumnRounding<O> | Promise<ColumnRounding<O>>,
): Promise<O> {
  return await withDevice(device, async (outer) => {
    using scope = outer.scope();
    using rounding = await begin(scope);
    rounding.round(scope.upload(weight), 0, scope);
    return await rounding.finish();
  });
}
