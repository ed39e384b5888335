// Arrays as such: copies in, copies out, zeros, other shapes and dtypes.

import {
  type AnyTensor,
  castTo,
  checkOptions,
  type Checks,
  DTYPES,
  oneOf,
  ShapeError,
  sizeOf,
  type Tensor,
  toF32,
} from "@pare/tensor";
import type { UploadOptions } from "../device.ts";
import type { DeviceArray, DeviceDtype } from "../device_array.ts";

import type { Context } from "./context.ts";

const UPLOAD_OPTIONS: Checks<UploadOptions> = { dtype: oneOf("f16") };

/** See `Device.upload`. */
export function upload<S>(
  context: Context<S>,
  source: AnyTensor,
  options: UploadOptions = {},
): DeviceArray {
  const action = "Cannot upload";
  checkOptions(action, options, UPLOAD_OPTIONS);
  const { dtype, shape, data } = options.dtype
    ? halvesOf(action, source)
    : heldOnDevice(action, source);
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

/** The numbers in half precision. */
function halvesOf(action: string, source: AnyTensor): Tensor<"f16"> {
  if (source.dtype === "f16") return source;
  if (!DTYPES[source.dtype].isFloat) {
    throw new TypeError(
      `${action} as f16 as the dtype must be a float: current dtype is ${source.dtype}`,
    );
  }
  return castTo(toF32(source), "f16");
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

function isFloat(dtype: DeviceDtype): boolean {
  return dtype === "f32" || dtype === "f64" || dtype === "f16";
}

/** See `Device.cast`. */
export function cast<S>(context: Context<S>, array: DeviceArray, to: DeviceDtype): DeviceArray {
  const action = "Cannot cast";
  const from = array.dtype;
  if (![from, to].every(isFloat) || (from !== to && from !== "f32" && to !== "f32")) {
    throw new TypeError(
      `${action} as it must be between f32 and f64 or f32 and f16: current dtypes are ${from} and ` +
        to,
    );
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
