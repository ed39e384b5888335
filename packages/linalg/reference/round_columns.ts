import { roundHalfEven } from "@pare/tensor";
import type { HostArray } from "../kernels.ts";
import type { RoundColumnsParams } from "../rounding_kernels.ts";

/** Rounds column after column, the last one first. */
export function roundColumns(p: RoundColumnsParams<HostArray>): void {
  const { target, feedback, steps, zeroPoints, gridOf, table, out, rows, cols, grids, count } = p;
  for (let row = 0; row < rows; row++) {
    const start = row * cols;
    for (let k = cols - 1; k >= 0; k--) {
      let sum = target[start + k];
      if (feedback) {
        const { weight, triangle } = feedback;
        for (let j = k + 1; j < cols; j++) {
          sum += (weight[start + j] - out[start + j]) * triangle[j * cols + k];
        }
      }
      const grid = row * grids + Math.min(gridOf[k], grids - 1);
      const step = steps[grid];
      // Both are held in f32 on every device.
      const scaled = step === 0 ? 0 : Math.fround(Math.fround(sum) / step);
      const zeroPoint = typeof zeroPoints === "number" ? zeroPoints : zeroPoints[grid];
      const level = table
        ? nearestLevel(scaled, table)
        : clampLevel(roundHalfEven(scaled) + zeroPoint, count - 1) - zeroPoint;
      out[start + k] = step * level;
    }
  }
}

/** The nearest level, the lower one of two. */
function nearestLevel(value: number, table: HostArray): number {
  let i = 0;
  while (i + 1 < table.length && value > Math.fround((table[i] + table[i + 1]) / 2)) i++;
  return table[i];
}

/** NaN becomes 0. */
function clampLevel(code: number, last: number): number {
  return code > 0 ? Math.min(code, last) : 0;
}
