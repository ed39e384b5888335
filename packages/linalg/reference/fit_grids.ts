import { castTo, roundHalfEven, tensor, toF32 } from "@pare/tensor";
import type { HostArray } from "../kernels.ts";
import { CLIP_POWER, type FitGridsParams } from "../rounding_kernels.ts";

/** Fits a uniform grid to one row after the other. */
export function fitGrids(p: FitGridsParams<HostArray>): void {
  const { x, steps, zeroPoints, rows, cols, count, isHalf, candidates } = p;
  const isSymmetric = zeroPoints === null;
  const last = count - 1;
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * cols, (row + 1) * cols);
    let [lo, hi] = [0, 0];
    for (const value of values) [lo, hi] = [Math.min(lo, value), Math.max(hi, value)];
    let least = Infinity;
    for (let i = 0; i < candidates; i++) {
      const share = 1 - i / 100;
      const range = isSymmetric ? 2 * Math.max(-lo, hi) : hi - lo;
      const step = toStored(share * range / last, isHalf);
      const rounded = step === 0 ? 0 : roundHalfEven(-share * lo / step);
      const zeroPoint = isSymmetric ? count / 2 : Math.min(rounded, last);
      const error = candidates === 1 ? 0 : errorOf(values, step, zeroPoint, last);
      if (i > 0 && !(error < least)) continue;
      least = error;
      steps[row] = step;
      if (zeroPoints) zeroPoints[row] = zeroPoint;
    }
  }
}

/** Σ |x − x̂|^2.4. */
function errorOf(values: HostArray, step: number, zeroPoint: number, last: number): number {
  let sum = 0;
  for (const value of values) {
    const level = step === 0 ? 0 : roundHalfEven(Math.fround(value / step));
    const code = Math.min(Math.max(level + zeroPoint, 0), last);
    sum += Math.abs(value - Math.fround(step * (code - zeroPoint))) ** CLIP_POWER;
  }
  return sum;
}

function toStored(step: number, isHalf: boolean): number {
  const single = tensor(Float32Array.of(step), [1]);
  return toF32(isHalf ? castTo(single, "f16") : single).data[0];
}
