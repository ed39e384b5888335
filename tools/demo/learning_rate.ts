// A learning rate that rises, stays, and falls at the end.
//
// A. Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations", 2024,
// arXiv:2405.18392, section 3: as good as half a cosine, and how long a run is to be need not be known
// before the rate falls. Of n steps, with w of warm-up and c of cooldown at the end, and peak p:
//
//   t < w              p (t + 1) / w
//   w <= t < n − c     p
//   t >= n − c         p (1 − √((t − n + c + 1) / (c + 1)))

import type { TrainingRecipe } from "./recipe.ts";

/** What of a recipe decides on the learning rate. */
export type Schedule = Pick<
  TrainingRecipe,
  "steps" | "warmupSteps" | "cooldownSteps" | "learningRate"
>;

/** Picks what decides on the learning rate out of a recipe. */
export function scheduleOf(recipe: TrainingRecipe): Schedule {
  const { steps, warmupSteps, cooldownSteps, learningRate } = recipe;
  return { steps, warmupSteps, cooldownSteps, learningRate };
}

/**
 * Tells the learning rate of a step.
 *
 * @param step The number of the step, from 0.
 * @param schedule How many steps there are, and the peak.
 * @returns The learning rate, above 0 in every step.
 */
export function learningRateAt(step: number, schedule: Schedule): number {
  const { steps, warmupSteps, cooldownSteps, learningRate: peak } = schedule;
  const rising = Math.min(1, (step + 1) / Math.max(1, warmupSteps));
  const cooled = step - steps + cooldownSteps + 1;
  const falling = cooled > 0 ? 1 - Math.sqrt(cooled / (cooldownSteps + 1)) : 1;
  return peak * rising * falling;
}

/**
 * Tells whether the first steps of two runs are the same.
 *
 * @param done How many steps.
 * @param a The schedule of one run.
 * @param b That of the other.
 * @returns Whether either run goes on from there as if it had been the other.
 */
export function agreeUpTo(done: number, a: Schedule, b: Schedule): boolean {
  if (done > Math.min(a.steps, b.steps)) return false;
  const steps = Array.from({ length: done }, (_, step) => step);
  return steps.every((step) => learningRateAt(step, a) === learningRateAt(step, b));
}
