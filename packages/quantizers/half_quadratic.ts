// One step of half-quadratic quantization on one group: see hqq.ts for the formulas.

import { roundHalfEven } from "@pare/tensor";
import { clampCode } from "./groups.ts";

/** The norm that errors are measured by. */
export interface RobustNorm {
  /** The exponent. */
  readonly p: number;
  /** How dearly an error is paid that is no outlier's. */
  readonly beta: number;
}

/** Up to which error `shrink` is zero. */
export function shrinkThreshold({ p, beta }: RobustNorm): number {
  return beta ** (-1 / (2 - p));
}

/** sign(d) max(|d| − |d|^(p − 1) / β, 0): what of an error is taken for an outlier's. */
export function shrink(
  d: number,
  { p, beta }: RobustNorm,
  threshold: number = shrinkThreshold({ p, beta }),
): number {
  const magnitude = Math.abs(d);
  // Most errors are below the threshold, and need no power.
  return magnitude > threshold ? Math.sign(d) * (magnitude - magnitude ** (p - 1) / beta) : 0;
}

/** The code of a weight: from 0 to `levels`; 1 / s is 0 where s is. */
export function codeOf(w: number, inverse: number, z: number, levels: number): number {
  return clampCode(roundHalfEven(w * inverse + z), levels);
}

/**
 * Takes a step.
 *
 * @param weights A group.
 * @param s Its scale.
 * @param z Its zero point.
 * @param levels 2^bits − 1.
 * @param norm The norm.
 * @returns Σ |w − r| for this zero point, and the next one.
 */
export function stepZeroPoint(
  weights: Float32Array,
  s: number,
  z: number,
  levels: number,
  norm: RobustNorm,
): [error: number, next: number] {
  const inverse = s > 0 ? 1 / s : 0;
  const threshold = shrinkThreshold(norm);
  let error = 0;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const w = weights[i];
    const q = codeOf(w, inverse, z, levels);
    const d = w - s * (q - z);
    error += Math.abs(d);
    sum += q - (w - shrink(d, norm, threshold)) * inverse;
  }
  return [error, sum / weights.length];
}
