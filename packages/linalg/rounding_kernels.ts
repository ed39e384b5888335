// What a backend computes for quantizers: the kernels of `rounding_steps.ts`.

/** By how many shares of a range a grid may be tried: 1, 0.99, … */
export const CLIP_CANDIDATES = 80;

/** The power of errors that a clipped range is chosen by. */
export const CLIP_POWER = 2.4;

/** What a backend is given to round columns. */
export interface RoundColumnsParams<S> {
  /** t, f32 `[rows, cols]`. */
  target: S;
  /** w and T: f32 `[rows, cols]` and `[cols, cols]` of at most 128 columns; `null` without feedback. */
  feedback: { weight: S; triangle: S } | null;
  /** f32 `[rows, grids]`. */
  steps: S;
  /** f32 of the same shape, or one number for all; 0 where there is a table. */
  zeroPoints: S | number;
  /** u32 `[cols]`; the last grid for any beyond it. */
  gridOf: S;
  /** f32 `[count]`, ascending; `null` for integers. */
  table: S | null;
  /** ŵ, f32 `[rows, cols]`, written. */
  out: S;
  /** Rows of the target. */
  rows: number;
  /** Columns of the target. */
  cols: number;
  /** Grids of a row. */
  grids: number;
  /** How many levels a grid has, 2 to 256. */
  count: number;
}

/** What a backend is given to fit grids. */
export interface FitGridsParams<S> {
  /** f32 `[rows, cols]`. */
  x: S;
  /** f32 `[rows]`, written. */
  steps: S;
  /** f32 `[rows]`, written; `null` for symmetric grids, which need none. */
  zeroPoints: S | null;
  /** Rows of x, each with a grid. */
  rows: number;
  /** Columns of x. */
  cols: number;
  /** How many levels a grid has, 2 to 256. */
  count: number;
  /** Whether steps are rounded to f16. */
  isHalf: boolean;
  /** How many shares of the range to try, 1 or {@linkcode CLIP_CANDIDATES}. */
  candidates: number;
}

/** The kernels of quantizers, all f32; what holds for `Kernels` holds for them. */
export interface RoundingKernels<S> {
  /** Rounds columns, the last one first. */
  roundColumns(p: RoundColumnsParams<S>): void;
  /** Fits a uniform grid to each row. */
  fitGrids(p: FitGridsParams<S>): void;
}
