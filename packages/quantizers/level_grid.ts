// Matrices whose groups are rounded to levels: what the scales of the groups are, and the codes by them.

import { type LevelKind, levels, type LevelsOperator, type MatrixShape } from "@pare/operators";
import { type Tensor, tensor, toF32 } from "@pare/tensor";
import { checkScales, extremesOf, groupBounds } from "./groups.ts";
import { nearestLevel } from "./nearest_level.ts";

/** The scales of a matrix, and which levels they multiply. */
export interface LevelGrid {
  /** Of the matrix. */
  readonly shape: MatrixShape;
  /** Which levels. */
  readonly kind: LevelKind;
  /** The bits of one code. */
  readonly bits: number;
  /** How many neighbours of a row share a scale; the last group may be shorter. */
  readonly group: number;
  /** The scales as they are stored, `[rows, groups]`. */
  readonly scales: LevelsOperator["scales"];
  /** What all scales are multiplied with. */
  readonly matrixScale: Tensor | null;
  /** What the levels of each group are multiplied with. */
  readonly steps: Float32Array;
}

/** The largest magnitude of each group, `[rows, groups]`; throws for numbers that are not finite. */
export function groupMagnitudes(action: string, weight: Tensor, group: number): Tensor {
  const [rows, cols] = weight.shape;
  const perRow = Math.ceil(cols / group);
  const magnitudes = new Float32Array(rows * perRow);
  for (let g = 0; g < magnitudes.length; g++) {
    const [least, greatest] = extremesOf(action, weight.data, ...groupBounds(g, cols, group));
    magnitudes[g] = Math.max(-least, greatest);
  }
  return tensor(magnitudes, [rows, perRow]);
}

/** The scales as they are multiplied with: times that of the matrix, rounded to f32. */
export function stepsOf(
  action: string,
  scales: Tensor | Tensor<"f16"> | Tensor<"f8e4m3">,
  matrixScale: Tensor | null,
): Float32Array {
  const decoded = toF32(scales).data;
  checkScales(action, decoded, scales.dtype);
  const factor = matrixScale?.data[0] ?? 1;
  return factor === 1 ? decoded : decoded.map((scale) => factor * scale);
}

/** The operator of the nearest levels. */
export function operatorOnLevels(values: Float32Array, grid: LevelGrid): LevelsOperator {
  const { shape, kind, bits, group, scales, matrixScale, steps } = grid;
  const nearest = nearestLevel(kind, bits);
  const codes = new Uint8Array(values.length);
  for (let g = 0; g < steps.length; g++) {
    const step = steps[g];
    const [start, end] = groupBounds(g, shape[1], group);
    for (let i = start; i < end; i++) codes[i] = nearest(step ? values[i] / step : 0);
  }
  const parts = { kind, bits, groupSize: group, scales, matrixScale };
  return levels({ ...parts, codes: tensor(codes, shape, "u8") });
}
