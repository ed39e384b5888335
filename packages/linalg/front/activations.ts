// Activations in training: their derivatives, and those that gate.

import { sizeOf } from "@pare/tensor";
import type { Activation } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { GatedActivationGradient } from "../training_steps.ts";
import { checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { mapArray } from "./map_array.ts";

/** See `TrainingSteps.activateGradient`. */
export function activateGradient<S>(
  context: Context<S>,
  array: DeviceArray,
  gradient: DeviceArray,
  activation: Activation,
): DeviceArray {
  const action = "Cannot differentiate an activation";
  const upstream = openLike(context, action, array, gradient);
  return mapArray(context, action, "activateGradient", array, (mapped) => {
    context.kernels.activateGradient({ ...mapped, gradient: upstream, activation });
  });
}

/** See `TrainingSteps.gatedActivation`. */
export function gatedActivation<S>(
  context: Context<S>,
  gate: DeviceArray,
  up: DeviceArray,
  activation: Activation,
): DeviceArray {
  const action = "Cannot gate";
  const other = openLike(context, action, gate, up);
  return mapArray(context, action, "gatedActivation", gate, ({ x, out, dtype, length }) => {
    context.kernels.gatedActivation({ gate: x, up: other, out, dtype, length, activation });
  });
}

/** See `TrainingSteps.gatedActivationGradient`. */
export function gatedActivationGradient<S>(
  context: Context<S>,
  gate: DeviceArray,
  up: DeviceArray,
  gradient: DeviceArray,
  activation: Activation,
): GatedActivationGradient {
  const action = "Cannot differentiate a gate";
  const dtype = context.float(action, gate, "gatedActivationGradient");
  const other = openLike(context, action, gate, up);
  const upstream = openLike(context, action, gate, gradient);
  const results = {
    gate: context.make(action, dtype, gate.shape),
    up: context.make(action, dtype, up.shape),
  };
  context.kernels.gatedActivationGradient({
    gate: context.open(action, gate),
    up: other,
    gradient: upstream,
    gradientGate: context.open(action, results.gate),
    gradientUp: context.open(action, results.up),
    dtype,
    length: sizeOf(gate.shape),
    activation,
  });
  return results;
}

/** The storage of an array of the shape and dtype of another one. */
function openLike<S>(
  context: Context<S>,
  action: string,
  x: DeviceArray,
  other: DeviceArray,
): S {
  checkShape(action, other, x.shape);
  sameDtype(action, x, other);
  return context.open(action, other);
}
