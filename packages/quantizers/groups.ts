// Groups of neighbours in a row that share a scale: how large they are, where one begins and ends, and
// what is asked of their weights and scales.

import { refuseWeight } from "./check_weight.ts";

/** The size of groups, a row's length at most; throws unless it divides the row or need not. */
export function groupSizeOf(
  action: string,
  cols: number,
  groupSize: number,
  partialGroups: boolean,
): number {
  if (!partialGroups && cols % groupSize !== 0) {
    throw new RangeError(
      `${action} as groupSize must divide the ${cols} columns, or partialGroups be true: ` +
        `current value is ${groupSize}`,
    );
  }
  return Math.min(groupSize, cols);
}

/** The first element of group `g` of rows of that length, and the one behind its last. */
export function groupBounds(g: number, cols: number, size: number): [start: number, end: number] {
  const perRow = Math.ceil(cols / size);
  const row = Math.floor(g / perRow);
  const start = row * cols + (g % perRow) * size;
  return [start, Math.min(start + size, (row + 1) * cols)];
}

/** The least and the greatest number of a run; throws for one that is not finite. */
export function extremesOf(
  action: string,
  values: Float32Array,
  start: number,
  end: number,
): [least: number, greatest: number] {
  let least = Infinity;
  let greatest = -Infinity;
  for (let i = start; i < end; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) refuseWeight(action, value);
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

/** Throws unless every scale is still finite in its dtype. */
export function checkScales(action: string, scales: Float32Array, dtype: string): void {
  if (scales.every(Number.isFinite)) return;
  throw new RangeError(
    `${action} as every scale must fit its dtype, which f32 may do: current scaleDtype is ${dtype}`,
  );
}

/** The nearest code from 0 to `levels`. */
export function clampCode(code: number, levels: number): number {
  return Math.min(Math.max(code, 0), levels);
}
