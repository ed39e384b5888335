// The scales of levels: numbers of 32, 16 or 8 bits, and perhaps one more that all are multiplied with.

import { decodeF8e8m0, type Tensor, toF32 } from "@pare/tensor";
import type { LevelsOperator } from "./operator.ts";

/** A dtype of scales; `f8e8m0` are powers of two in bytes. */
export type LevelScaleDtype = "f16" | "f32" | "f8e4m3" | "f8e8m0";

/** The dtypes of the tensors that scales are stored in. */
export const SCALE_TENSORS: {
  readonly [D in LevelScaleDtype]: D extends "f8e8m0" ? "u8" : D;
} = { f16: "f16", f32: "f32", f8e4m3: "f8e4m3", f8e8m0: "u8" };

/** The dtype of scales. */
export function scaleDtypeOf(scales: LevelsOperator["scales"]): LevelScaleDtype {
  return scales.dtype === "u8" ? "f8e8m0" : scales.dtype;
}

/** The scales, times that of the matrix, rounded once; of the shape of `scales`. */
export function decodeScales(scales: LevelsOperator["scales"], matrixScale: Tensor | null): Tensor {
  const { shape } = scales;
  const decoded: Tensor = scales.dtype === "u8"
    ? { dtype: "f32", shape, data: Float32Array.from(scales.data, decodeF8e8m0) }
    : toF32(scales);
  if (matrixScale === null) return decoded;
  const [factor] = matrixScale.data;
  return { ...decoded, data: decoded.data.map((scale) => factor * scale) };
}
