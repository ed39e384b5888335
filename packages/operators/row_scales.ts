// Scales of rows, or one for the whole matrix.

import type { Tensor } from "@pare/tensor";
import { checkFinite, checkTensor, type Reject } from "./check_tensor.ts";
import type { MatrixShape } from "./operator.ts";

/** What may have a scale of its own. */
export const GRANULARITIES = ["tensor", "row"] as const;

/** What scales are stored in. */
export const ROW_SCALE_DTYPES = ["f16", "f32"] as const;

/** The shape of the scales of a matrix. */
export function rowScaleShape(
  [rows]: MatrixShape,
  granularity: typeof GRANULARITIES[number],
): MatrixShape {
  return [granularity === "row" ? rows : 1, 1];
}

/** Checks scales of a matrix of the given shape, and what has one. */
export function checkRowScales(
  scales: Tensor<"f16"> | Tensor<"f32">,
  shape: MatrixShape,
  granularity: typeof GRANULARITIES[number],
  reject: Reject,
): void {
  if (!GRANULARITIES.includes(granularity)) {
    reject("granularity", `must be tensor or row: current value is ${granularity}`);
  }
  checkTensor(scales, "scales", ROW_SCALE_DTYPES, rowScaleShape(shape, granularity), reject);
  checkFinite(scales, "scales", reject);
}
