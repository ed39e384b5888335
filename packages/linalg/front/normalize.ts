// Rows normalized: to a sum of one, to a mean square of one, or to a variance of one about zero.

import { ShapeError, sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import { checkShape, rowsOf, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `Device.softmax`. */
export function softmax<S>(context: Context<S>, array: DeviceArray): DeviceArray {
  const action = "Cannot take the softmax";
  const [rows, cols] = rowsOf(action, array);
  return mapArray(context, action, "softmax", array, ({ x, out, dtype }) => {
    context.kernels.softmax({ x, out, dtype, rows, cols });
  });
}

/** See `Device.rmsNorm`. */
export function rmsNorm<S>(
  context: Context<S>,
  array: DeviceArray,
  gain: DeviceArray,
  epsilon: number,
): DeviceArray {
  const action = "Cannot normalize";
  const runs = runsOf(action, array, gain);
  const gains = context.open(action, gain);
  return mapArray(context, action, "rmsNorm", array, ({ x, out, dtype }) => {
    context.kernels.rmsNorm({ x, gain: gains, out, dtype, ...runs, epsilon });
  });
}

/** See `TrainingSteps.layerNorm`. */
export function layerNorm<S>(
  context: Context<S>,
  array: DeviceArray,
  gain: DeviceArray,
  bias: DeviceArray | null,
  epsilon: number,
): DeviceArray {
  const action = "Cannot normalize";
  const runs = runsOf(action, array, gain);
  if (bias) {
    checkShape(action, bias, gain.shape);
    sameDtype(action, array, bias);
  }
  const operands = {
    gain: context.open(action, gain),
    bias: bias && context.open(action, bias),
  };
  return mapArray(context, action, "layerNorm", array, ({ x, out, dtype }) => {
    context.kernels.layerNorm({ x, ...operands, out, dtype, ...runs, epsilon });
  });
}

/** The runs of an array that a gain normalizes: as long as the gain, which divides its rows. */
export function runsOf(
  action: string,
  x: DeviceArray,
  gain: DeviceArray,
): { rows: number; cols: number } {
  const [, width] = rowsOf(action, x);
  sameDtype(action, x, gain);
  const cols = sizeOf(gain.shape);
  if (gain.shape.length !== 1 || width % cols !== 0) {
    throw new ShapeError(action, [width], gain.shape);
  }
  return { rows: sizeOf(x.shape) / cols, cols };
}
