import { ShapeError } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { batchedShape, checkIndices, checkShape, matrixShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `Device.rotary`. */
export function rotary<S>(
  context: Context<S>,
  array: DeviceArray,
  cos: DeviceArray,
  sin: DeviceArray,
  positions: DeviceArray,
): DeviceArray {
  const action = "Cannot rotate by position";
  const [batch, tokens, width] = batchedShape(action, array);
  const [positionCount, half] = matrixShape(action, cos);
  checkShape(action, sin, cos.shape);
  checkIndices(action, positions, [tokens]);
  sameDtype(action, array, cos);
  sameDtype(action, array, sin);
  if (width % (2 * half) !== 0) throw new ShapeError(action, [positionCount, width / 2], cos.shape);
  const angles = {
    cos: context.open(action, cos),
    sin: context.open(action, sin),
    positions: context.open(action, positions),
  };
  const sizes = { batch, tokens, heads: width / (2 * half), headSize: 2 * half, positionCount };
  return mapArray(context, action, "rotary", array, ({ x, out, dtype }) => {
    context.kernels.rotary({ x, out, dtype, ...angles, ...sizes });
  });
}
