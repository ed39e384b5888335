import type { HostArray } from "../kernels.ts";
import type { TrainingKernels } from "../training_kernels.ts";

/** One step of AdamW; the moments count as they are stored. */
export function adamW(p: Parameters<TrainingKernels<HostArray>["adamW"]>[0]): void {
  const { parameter, first, second } = p;
  for (let i = 0; i < p.length; i++) {
    const g = p.gradientScale * p.gradient[i];
    first[i] += (1 - p.beta1) * (g - first[i]);
    second[i] += (1 - p.beta2) * (g * g - second[i]);
    const root = Math.sqrt(second[i] * p.secondScale) + p.epsilon;
    parameter[i] = p.keep * parameter[i] - p.rate * first[i] / root;
  }
}
