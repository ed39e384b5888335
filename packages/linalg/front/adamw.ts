import { sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { AdamWMoments, AdamWStep } from "../training_steps.ts";
import { checkCount, checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `TrainingSteps.adamW`. */
export function adamW<S>(
  context: Context<S>,
  parameter: DeviceArray,
  gradient: DeviceArray,
  moments: AdamWMoments,
  step: AdamWStep,
): void {
  const action = "Cannot take a step of AdamW";
  checkStep(action, step);
  const dtype = context.float(action, parameter, "adamW");
  for (const array of [gradient, moments.first, moments.second]) {
    checkShape(action, array, parameter.shape);
    sameDtype(action, parameter, array);
  }
  const { beta1, beta2, epsilon, gradientScale, learningRate } = step;
  context.kernels.adamW({
    parameter: context.open(action, parameter),
    gradient: context.open(action, gradient),
    first: context.open(action, moments.first),
    second: context.open(action, moments.second),
    dtype,
    length: sizeOf(parameter.shape),
    gradientScale,
    beta1,
    beta2,
    epsilon,
    rate: learningRate / (1 - beta1 ** step.step),
    secondScale: 1 / (1 - beta2 ** step.step),
    keep: 1 - learningRate * step.weightDecay,
  });
}

/** Throws unless every number of a step is one that AdamW is defined for. */
function checkStep(action: string, step: AdamWStep): void {
  checkCount(action, "step", step.step, 1, Infinity);
  for (const name of ["beta1", "beta2"] as const) {
    const value = step[name];
    if (!(value >= 0 && value < 1)) {
      throw new RangeError(
        `${action} as ${name} must be from 0 to below 1: current value is ${value}`,
      );
    }
  }
  if (!(step.epsilon > 0)) {
    throw new RangeError(
      `${action} as epsilon must be positive: current value is ${step.epsilon}`,
    );
  }
  for (const name of ["learningRate", "weightDecay", "gradientScale"] as const) {
    if (!Number.isFinite(step[name])) {
      throw new RangeError(
        `${action} as ${name} must be finite: current value is ${step[name]}`,
      );
    }
  }
}
