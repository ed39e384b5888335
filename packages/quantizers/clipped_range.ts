// By how much the range of a group's grid is shrunk, so that most weights come nearer to a level than
// those cut off go astray.
//
// E. Frantar, S. Ashkboos, T. Hoefler and D. Alistarh, "GPTQ", 2022, arXiv:2210.17323, in its published
// code: of the shares p = 1, 0.99, … 0.21 of the range the one with the least Σ |w − ŵ|^2.4, the widest
// of equals, every ŵ by the scale as it is stored.
// Departs from it: |d|^2.4 is taken to 1e-3 of its value, from a table of mantissas and one of exponents.
// Cost: 80 passes over the weights at most; one is given up as soon as it is worse than the best.

import { decodeF16, encodeF16, roundHalfEven } from "@pare/tensor";
import { clampCode } from "./groups.ts";

/** The range of a group, and the grid over it. */
export interface GroupRange {
  /** The least weight, 0 at most. */
  readonly lo: number;
  /** The greatest weight, 0 at least. */
  readonly hi: number;
  /** The greatest code. */
  readonly levels: number;
  /** Whether the grid is symmetric around zero. */
  readonly symmetric: boolean;
  /** Whether its scale is stored as f16. */
  readonly isHalf: boolean;
}

/** The shares that are tried. */
const SHARES = Array.from({ length: 80 }, (_, i) => 1 - i / 100);

/** The scale of a share of the range before it is rounded. */
export function exactStep({ lo, hi, levels, symmetric }: GroupRange, share: number): number {
  return share * (symmetric ? 2 * Math.max(-lo, hi) : hi - lo) / levels;
}

/** The code of zero. */
export function zeroPointOf(
  { symmetric, levels }: Pick<GroupRange, "symmetric" | "levels">,
  lo: number,
  step: number,
): number {
  if (symmetric) return (levels + 1) / 2;
  return step ? clampCode(roundHalfEven(-lo / step), levels) : 0;
}

/** The share of a group's range whose grid has the least error. */
export function clippedShare(values: Float32Array, range: GroupRange): number {
  // Errors count in units of the first step, so that their powers neither overflow nor vanish.
  const unit = 1 / exactStep(range, 1);
  // The outermost weights first: they tell soonest that too much is cut off.
  const sorted = values.toSorted();
  let best = 1;
  let least = Infinity;
  for (const share of SHARES) {
    const single = Math.fround(exactStep(range, share));
    const step = range.isHalf ? decodeF16(encodeF16(single)) : single;
    if (step === 0) break;
    const zeroPoint = zeroPointOf(range, share * range.lo, step);
    const error = errorOf(sorted, step, zeroPoint, range.levels, unit, least);
    if (error < least) [best, least] = [share, error];
  }
  return best;
}

/** Σ |w − ŵ|^2.4, or some of it that is no less than `limit`. */
function errorOf(
  values: Float32Array,
  step: number,
  zeroPoint: number,
  levels: number,
  unit: number,
  limit: number,
): number {
  const inverse = 1 / step;
  let sum = 0;
  for (let i = 0, j = values.length - 1; i <= j && sum < limit;) {
    const value = -values[i] > values[j] ? values[i++] : values[j--];
    // Of two levels that are equally near either will do.
    const code = Math.round(value * inverse) + zeroPoint;
    const level = (code < 0 ? 0 : code > levels ? levels : code) - zeroPoint;
    const error = (value - step * level) * unit;
    FLOAT[0] = error * error;
    const bits = BITS[0];
    sum += MANTISSAS[(bits >>> 13) & 1023] * EXPONENTS[bits >>> 23];
  }
  return sum;
}

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** m^1.2 of the mantissas from 1 to 2 with these first ten bits, and half a step more. */
const MANTISSAS = Float64Array.from({ length: 1024 }, (_, i) => (1 + (i + 0.5) / 1024) ** 1.2);
/** The same of powers of two; what is below the least normal float counts as zero. */
const EXPONENTS = Float64Array.from(
  { length: 256 },
  (_, e) => e === 0 ? 0 : 2 ** (1.2 * (e - 127)),
);
