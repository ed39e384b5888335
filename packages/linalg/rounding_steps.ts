// What a device offers for quantizers that round column after column beside products.

import type { DeviceArray } from "./device_array.ts";

/** The grids that columns are rounded to, several for each row. */
export interface ColumnGrids {
  /** f32 `[rows, grids]`: what levels are multiplied with; a grid of step 0 has zeros alone. */
  readonly steps: DeviceArray;
  /** u32 `[cols]`: which grid of its row each column is rounded to; the last one for any beyond it. */
  readonly gridOf: DeviceArray;
  /** The levels of all grids. */
  readonly levels: UniformLevels | LevelTable;
}

/** The integers −zeroPoint to count − 1 − zeroPoint. */
export interface UniformLevels {
  /** How many there are, 2 to 256. */
  readonly count: number;
  /** Integers from 0 to count − 1, f32 of the shape of `steps`; or a single number for all grids. */
  readonly zeroPoints: DeviceArray | number;
}

/** Any numbers. */
export interface LevelTable {
  /** f32 `[count]`, ascending, 2 to 256 of them. */
  readonly table: DeviceArray;
}

/** How errors of columns are made up for by those that are rounded after them. */
export interface ColumnFeedback {
  /** f32 `[rows, cols]`: what errors are measured from. */
  readonly weight: DeviceArray;
  /** f32 `[cols, cols]`, of which only what is below the diagonal is read; 128 columns at most. */
  readonly triangle: DeviceArray;
}

/** Options of {@linkcode RoundingSteps.fitGrids}. */
export interface FitGridsOptions {
  /** How many levels a grid has, 2 to 256. */
  count: number;
  /** Whether grids are symmetric around zero, with zero point count / 2. @default {false} */
  symmetric?: boolean;
  /** The dtype that steps will be stored in, and are rounded to. @default {"f16"} */
  stepDtype?: "f16" | "f32";
  /** Whether to shrink the range of a row as long as that makes up for what is cut off. @default {false} */
  clip?: boolean;
}

/** What {@linkcode RoundingSteps.fitGrids} returns. */
export interface FittedGrids {
  /** f32 `[rows, 1]`. */
  readonly steps: DeviceArray;
  /** f32 `[rows, 1]`, or half the count for symmetric grids. */
  readonly zeroPoints: DeviceArray | number;
}

/** The steps of quantizers that a device computes where its arrays are. */
export interface RoundingSteps {
  /**
   * Rounds columns to levels of their grids, the last column first: ŵ_k = step · level for the level
   * nearest to u_k / step, where without feedback u_k = t_k, the target, and with it, w the weight and
   * T the triangle,
   *
   *   u_k = t_k + Σ_{j > k} (w_j − ŵ_j) T_jk
   *
   * Half way between two integers it is the even one before the zero point is added, between levels of
   * a table the lower one. Quotients are rounded to f32 first, except that devices may be off by a few
   * units in the last place. NaN becomes the first level.
   *
   * @param target t, f32 `[rows, cols]`.
   * @param grids The levels.
   * @param feedback What is added to the target; nothing by default.
   * @returns ŵ, f32 `[rows, cols]`.
   */
  roundColumns(
    target: DeviceArray,
    grids: ColumnGrids,
    feedback?: ColumnFeedback,
  ): DeviceArray;
  /**
   * Fits a uniform grid to each row, from lo = min(0, min x) to hi = max(0, max x), N the count:
   *
   *   step = (hi − lo) / (N − 1)          zeroPoint = clamp(round(−lo / step), 0, N − 1)
   *   step = 2 max |x| / (N − 1)          zeroPoint = N / 2     where it is symmetric
   *
   * With `clip` the range is the one of 80, p = 1, 0.99, … 0.21 times that, with the least
   * Σ |x − x̂|^2.4, the widest of equals (E. Frantar et al., "GPTQ", 2022, in the reference code).
   *
   * @param x f32 `[rows, cols]`.
   * @param options How many levels, of what kind.
   */
  fitGrids(x: DeviceArray, options: FitGridsOptions): FittedGrids;
}
