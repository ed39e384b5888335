// The uniform grids of `rtn`, whose header has the formulas: fitted to a matrix, and its codes on them.

import { affine, type AffineOperator, type MatrixShape } from "@pare/operators";
import { castTo, checkOptions, roundHalfEven, type Tensor, tensor, toF32 } from "@pare/tensor";
import { clippedShare, exactStep, type GroupRange, zeroPointOf } from "./clipped_range.ts";
import { checkScales, clampCode, extremesOf, groupBounds, groupSizeOf } from "./groups.ts";
import { RTN_CHECKS, type RtnOptions } from "./rtn_options.ts";

/** What kind of grid is wanted. */
export interface GridSettings {
  /** The bits of one code. */
  readonly bits: number;
  /** Whether the grid is symmetric around zero. */
  readonly symmetric: boolean;
  /** Whether ranges are shrunk. */
  readonly clip: boolean;
  /** The dtype that scales are stored in. */
  readonly scaleDtype: "f16" | "f32";
  /** How many neighbours of a row share a scale; the last group may be shorter. */
  readonly group: number;
  /** Whether one scale serves the whole matrix. */
  readonly perTensor: boolean;
}

/** The grids of a matrix. */
export interface UniformGrid extends GridSettings {
  /** Of the matrix. */
  readonly shape: MatrixShape;
  /** s_g, `[rows, groups]` or `[1, 1]`. */
  readonly scales: Tensor<"f16"> | Tensor<"f32">;
  /** The same numbers in f32. */
  readonly steps: Float32Array<ArrayBuffer>;
  /** z_g, in the order of the scales. */
  readonly zeroPoints: Uint8Array<ArrayBuffer>;
}

/**
 * The grids that options ask for.
 *
 * @throws {RangeError} If an option is out of range or does not fit the shape.
 * @throws {TypeError} If an option is unknown.
 */
export function gridSettings(
  action: string,
  [, cols]: MatrixShape,
  options: RtnOptions,
): GridSettings {
  checkOptions(action, options, RTN_CHECKS);
  const { bits = 4, granularity = "group", groupSize = 64, symmetric = false } = options;
  const { partialGroups = false, clip = false, scaleDtype = "f16" } = options;
  if (bits === 1 && symmetric) {
    throw new RangeError(
      `${action} as bits must be an integer from 2 to 8 for a symmetric grid: current value is 1`,
    );
  }
  const group = granularity === "group"
    ? groupSizeOf(action, cols, groupSize, partialGroups)
    : cols;
  return { bits, symmetric, clip, scaleDtype, group, perTensor: granularity === "tensor" };
}

/**
 * Fits a grid to each group.
 *
 * @throws {RangeError} If a weight is not finite, or a scale is too large for its dtype.
 */
export function fitGrid(action: string, weight: Tensor, settings: GridSettings): UniformGrid {
  const [rows, cols] = weight.shape;
  const { bits, symmetric, clip, scaleDtype } = settings;
  const levels = 2 ** bits - 1;
  const groups = groupsOf([rows, cols], settings);
  const lows = new Float64Array(groups.count);
  const exact = new Float32Array(groups.count);
  for (let g = 0; g < groups.count; g++) {
    const bounds = groups.bounds(g);
    const [least, greatest] = extremesOf(action, weight.data, ...bounds);
    const range: GroupRange = {
      lo: Math.min(0, least),
      hi: Math.max(0, greatest),
      levels,
      symmetric,
      isHalf: scaleDtype === "f16",
    };
    const share = clip ? clippedShare(weight.data.subarray(...bounds), range) : 1;
    lows[g] = share * range.lo;
    exact[g] = exactStep(range, share);
  }
  const scales = castTo(tensor(exact, groups.shape), scaleDtype);
  const steps = toF32(scales).data;
  checkScales(action, steps, scaleDtype);
  const zeroPoints = Uint8Array.from(
    steps,
    (step, g) => zeroPointOf({ symmetric, levels }, lows[g], step),
  );
  return { ...settings, shape: [rows, cols], scales, steps, zeroPoints };
}

/** The codes of the nearest levels, one a byte. */
export function encodeOnGrid(values: Float32Array, grid: UniformGrid): Tensor<"u8"> {
  const { shape, bits, steps, zeroPoints } = grid;
  const levels = 2 ** bits - 1;
  const groups = groupsOf(shape, grid);
  const codes = new Uint8Array(values.length);
  for (let g = 0; g < groups.count; g++) {
    const step = steps[g];
    const zeroPoint = zeroPoints[g];
    const [start, end] = groups.bounds(g);
    for (let i = start; i < end; i++) {
      const level = step ? roundHalfEven(values[i] / step) : 0;
      codes[i] = clampCode(level + zeroPoint, levels);
    }
  }
  return tensor(codes, shape, "u8");
}

/** What codes on a grid stand for. */
export function valuesOnGrid(
  { data: codes, shape }: Tensor<"u8">,
  grid: UniformGrid,
): Float32Array {
  const { steps, zeroPoints } = grid;
  const values = new Float32Array(codes.length);
  const groups = groupsOf([shape[0], shape[1]], grid);
  for (let g = 0; g < groups.count; g++) {
    const [start, end] = groups.bounds(g);
    for (let i = start; i < end; i++) values[i] = steps[g] * (codes[i] - zeroPoints[g]);
  }
  return values;
}

/** The operator of codes on a grid. */
export function operatorOnGrid(codes: Tensor<"u8">, grid: UniformGrid): AffineOperator {
  const { bits, symmetric, perTensor, group, scales, zeroPoints } = grid;
  return affine({
    bits,
    groupSize: perTensor ? null : group,
    codes,
    scales,
    zeroPoints: symmetric ? null : tensor(zeroPoints, scales.shape, "u8"),
  });
}

/** The groups of a matrix, row after row. */
interface Groups {
  readonly count: number;
  readonly shape: MatrixShape;
  /** The first element of a group, and the one behind its last. */
  readonly bounds: (g: number) => [start: number, end: number];
}

function groupsOf([rows, cols]: MatrixShape, { group, perTensor }: GridSettings): Groups {
  // The whole matrix is a group of one long row.
  const [width, size] = perTensor ? [rows * cols, rows * cols] : [cols, group];
  const perRow = Math.ceil(width / size);
  const shape: MatrixShape = [rows * cols / width, perRow];
  return {
    count: shape[0] * shape[1],
    shape,
    bounds: (g) => groupBounds(g, width, size),
  };
}
