// One step of AdamW, in place; see training_steps.ts. Bound by memory: four arrays read, three written.

import type { TrainingKernels } from "../training_kernels.ts";
import { atEachElement, groupsFor } from "./elementwise.ts";
import type { Gpu } from "./gpu.ts";
import type { Kernel } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

// What is close to 1 comes as its distance from 1, which f32 holds to all of its bits.
const ADAM_W: Kernel<
  "gradient",
  "parameter" | "first" | "second",
  | "length"
  | "gradientScale"
  | "firstShare"
  | "secondShare"
  | "epsilon"
  | "rate"
  | "secondScale"
  | "decay"
> = {
  name: "adamW",
  reads: { gradient: "f32" },
  writes: { parameter: "f32", first: "f32", second: "f32" },
  params: {
    length: "u32",
    gradientScale: "f32",
    firstShare: "f32",
    secondShare: "f32",
    epsilon: "f32",
    rate: "f32",
    secondScale: "f32",
    decay: "f32",
  },
  code: () =>
    atEachElement(`let g = p.gradientScale * gradient[p.gradient_at + i];
      var m = first[p.first_at + i];
      var v = second[p.second_at + i];
      let w = parameter[p.parameter_at + i];
      m += p.firstShare * (g - m);
      v += p.secondShare * (g * g - v);
      first[p.first_at + i] = m;
      second[p.second_at + i] = v;
      parameter[p.parameter_at + i] =
        w - (p.decay * w + p.rate * m / (sqrt(v * p.secondScale) + p.epsilon));`),
};

/** Updates a parameter and the running means of its gradient. */
export function adamW(gpu: Gpu, p: Parameters<TrainingKernels<GpuStorage>["adamW"]>[0]): void {
  const { gradientScale, epsilon, rate, secondScale } = p;
  for (const [start, count] of pieces(p.length, gpu.maxWords)) {
    gpu.dispatch(ADAM_W, {
      gradient: view(p.gradient, start, count),
      parameter: view(p.parameter, start, count),
      first: view(p.first, start, count),
      second: view(p.second, start, count),
    }, {
      length: count,
      gradientScale,
      firstShare: 1 - p.beta1,
      secondShare: 1 - p.beta2,
      epsilon,
      rate,
      secondScale,
      decay: 1 - p.keep,
    }, groupsFor(count));
  }
}
