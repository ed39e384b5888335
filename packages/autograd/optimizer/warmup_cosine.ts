// A learning rate that rises in a straight line and falls along half a cosine: I. Loshchilov and
// F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, arXiv:1608.03983,
// equation 5, without restarts. Of n steps, with w of warm-up, from the shares i to f of the peak p:
//
//   t < w          p (i + (1 − i) t / w)
//   t = w, w + 1   p
//   t > w + 1      p (f + (1 − f) (1 + cos(π (t − w − 1) / (n − w − 1))) / 2)

import { checkOptions, type Checks, integer, number } from "@pare/tensor";

/** Options of {@linkcode warmupCosine}. */
export interface WarmupCosineOptions {
  /** How many steps there are in all. */
  steps: number;
  /** The largest learning rate. */
  peak: number;
  /** How many steps rise. @default {0} */
  warmupSteps?: number;
  /** The share of the peak that the first step has. @default {0.1} */
  initial?: number;
  /** The share of the peak that a step after the last one would have. @default {0.1} */
  final?: number;
}

const SCHEDULE_CHECKS: Checks<WarmupCosineOptions> = {
  steps: integer(1),
  peak: number(0, 1e6),
  warmupSteps: integer(0),
  initial: number(0, 1),
  final: number(0, 1),
};

/**
 * Tells the learning rate of a step.
 *
 * @example Ten steps of warm-up
 * ```ts
 * import { warmupCosine } from "@pare/autograd";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const schedule = { steps: 100, warmupSteps: 10, peak: 1 };
 * assertAlmostEquals(warmupCosine(0, schedule), 0.1, 1e-12);
 * assertAlmostEquals(warmupCosine(5, schedule), 0.55, 1e-12);
 * assertAlmostEquals(warmupCosine(10, schedule), 1, 1e-12);
 * ```
 *
 * @param step The number of the step, from 0; beyond the last one the rate stays as it is at its end.
 * @param options How long, how high.
 * @returns The learning rate.
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If an option is unknown.
 */
export function warmupCosine(step: number, options: WarmupCosineOptions): number {
  checkOptions("Cannot schedule a learning rate", options, SCHEDULE_CHECKS);
  const { steps, peak, warmupSteps = 0, initial = 0.1, final = 0.1 } = options;
  if (step < warmupSteps) return peak * (initial + (1 - initial) * step / warmupSteps);
  const first = warmupSteps + 1;
  if (step <= first) return peak;
  const done = Math.min(1, (step - first) / (steps - first));
  return peak * (final + (1 - final) * (1 + Math.cos(Math.PI * done)) / 2);
}
