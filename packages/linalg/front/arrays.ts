// Arrays as such: copies in, copies out, zeros, other shapes and dtypes.

import { type AnyTensor, ShapeError, sizeOf, type Tensor, toF32 } from "@pare/tensor";
import type { DeviceArray, DeviceDtype } from "../device.ts";
import { floatOf } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.upload`. */
export function upload<S>(context: Context<S>, source: AnyTensor): DeviceArray {
  const action = "Cannot upload";
  const { dtype, shape, data } = heldOnDevice(action, source);
  if (sizeOf(shape) !== data.length) throw new ShapeError(action, shape, [data.length]);
  const array = context.make(action, dtype, shape);
  context.kernels.upload(context.open(action, array), dtype, data);
  return array;
}

/** The numbers in a dtype that arrays can have. */
function heldOnDevice(action: string, source: AnyTensor): Tensor<"f32" | "f64" | "u32" | "u8"> {
  switch (source.dtype) {
    case "f64":
    case "u32":
    case "u8":
      return source;
    case "f32":
    case "f16":
    case "bf16":
    case "f8e4m3":
    case "f8e5m2":
      return toF32(source);
    default:
      throw new TypeError(
        `${action} as the dtype must be a float, u32 or u8: current dtype is ${source.dtype}`,
      );
  }
}

/** See `Device.download`. */
export async function download<S>(context: Context<S>, array: DeviceArray): Promise<AnyTensor> {
  const { dtype, shape } = array;
  const storage = context.open("Cannot download", array);
  const data = await context.kernels.download(storage, dtype, sizeOf(shape));
  return { dtype, shape, data } as AnyTensor;
}

/** See `Device.zeros`. */
export function zeros<S>(
  context: Context<S>,
  shape: readonly number[],
  dtype: DeviceDtype = "f32",
): DeviceArray {
  const action = "Cannot make zeros";
  const array = context.make(action, dtype, shape);
  context.kernels.clear(context.open(action, array), dtype, sizeOf(shape));
  return array;
}

/** See `Device.reshape`. */
export function reshape<S>(
  context: Context<S>,
  array: DeviceArray,
  shape: readonly number[],
): DeviceArray {
  return context.share("Cannot reshape", array, shape);
}

/** See `Device.cast`. */
export function cast<S>(context: Context<S>, array: DeviceArray, to: DeviceDtype): DeviceArray {
  const action = "Cannot cast";
  const from = floatOf(action, array);
  if (to !== "f32" && to !== "f64") {
    throw new TypeError(`${action} as the target must be f32 or f64: current target is ${to}`);
  }
  const result = context.make(action, to, array.shape);
  const x = context.open(action, array);
  const out = context.open(action, result);
  const length = sizeOf(array.shape);
  if (from === to) {
    context.kernels.copyBlock({
      source: x,
      sourceOffset: 0,
      sourceLead: length,
      target: out,
      targetOffset: 0,
      targetLead: length,
      rows: 1,
      cols: length,
      dtype: to,
    });
  } else context.kernels.cast({ x, from, out, to, length });
  return result;
}
