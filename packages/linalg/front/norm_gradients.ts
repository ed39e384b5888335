// Derivatives of the norms.

import type { DeviceArray } from "../device_array.ts";
import type { KernelName } from "../kernels.ts";
import type { NormGradientParams } from "../training_kernels.ts";
import type { LayerNormGradient, RmsNormGradient } from "../training_steps.ts";
import { checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";
import { runsOf } from "./normalize.ts";

/** See `TrainingSteps.rmsNormGradient`. */
export function rmsNormGradient<S>(
  context: Context<S>,
  x: DeviceArray,
  gain: DeviceArray,
  gradient: DeviceArray,
  epsilon: number,
): RmsNormGradient {
  const operands = { x, gain, gradient };
  const { results, params } = prepare(context, "rmsNormGradient", operands, epsilon);
  context.kernels.rmsNormGradient(params);
  return results;
}

/** See `TrainingSteps.layerNormGradient`. */
export function layerNormGradient<S>(
  context: Context<S>,
  x: DeviceArray,
  gain: DeviceArray,
  gradient: DeviceArray,
  epsilon: number,
): LayerNormGradient {
  const operands = { x, gain, gradient };
  const { results, params } = prepare(context, "layerNormGradient", operands, epsilon);
  const bias = context.make(ACTION, params.dtype, gain.shape);
  const gradientBias = context.open(ACTION, bias);
  context.kernels.layerNormGradient({ ...params, gradientBias });
  return { ...results, bias };
}

const ACTION = "Cannot differentiate a norm";

/** What both have in common: the checks, the arrays that are made, what the kernel is given. */
function prepare<S>(
  context: Context<S>,
  name: KernelName,
  operands: { x: DeviceArray; gain: DeviceArray; gradient: DeviceArray },
  epsilon: number,
): { results: RmsNormGradient; params: NormGradientParams<S> } {
  const { x, gain, gradient } = operands;
  const runs = runsOf(ACTION, x, gain);
  const dtype = context.float(ACTION, x, name);
  checkShape(ACTION, gradient, x.shape);
  sameDtype(ACTION, x, gradient);
  const results = {
    x: context.make(ACTION, dtype, x.shape),
    gain: context.make(ACTION, dtype, gain.shape),
  };
  const params = {
    x: context.open(ACTION, x),
    gain: context.open(ACTION, gain),
    gradient: context.open(ACTION, gradient),
    gradientX: context.open(ACTION, results.x),
    gradientGain: context.open(ACTION, results.gain),
    dtype,
    ...runs,
    epsilon,
  };
  return { results, params };
}
