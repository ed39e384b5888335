import {
  type AnyTensor,
  packedByteLength,
  packIntegers,
  type Tensor,
  toF32,
  unpackIntegers,
} from "@pare/tensor";
import type { AffineOperator, LevelsOperator, MatrixShape } from "./operator.ts";

/** The shape of the scales. */
export function scaleShapeOf(shape: MatrixShape, groupSize: number | null): MatrixShape {
  return groupSize === null ? [1, 1] : [shape[0], Math.ceil(shape[1] / groupSize)];
}

/** Packs each row by itself. */
export function packRows(codes: Tensor<"u8">, bits: number): Tensor<"u8"> {
  const [rows, cols] = codes.shape;
  const rowBytes = packedByteLength(cols, bits);
  const data = new Uint8Array(rows * rowBytes);
  for (let row = 0; row < rows; row++) {
    data.set(packIntegers(codes.data.subarray(row * cols, (row + 1) * cols), bits), row * rowBytes);
  }
  return { dtype: "u8", shape: [rows, rowBytes], data };
}

/** Fills up each row with zeros to a multiple of `step` bytes. */
export function padRows(bytes: Tensor<"u8">, step: number): Tensor<"u8"> {
  const [rows, width] = bytes.shape;
  const padded = Math.ceil(width / step) * step;
  if (padded === width) return bytes;
  const data = new Uint8Array(rows * padded);
  for (let row = 0; row < rows; row++) {
    data.set(bytes.data.subarray(row * width, (row + 1) * width), row * padded);
  }
  return { dtype: "u8", shape: [rows, padded], data };
}

/** Unpacks rows of `cols` codes, each packed by itself. */
export function unpackRows(packed: Tensor<"u8">, bits: number, cols: number): Tensor<"u8"> {
  const [rows, rowBytes] = packed.shape;
  const data = new Uint8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    const bytes = packed.data.subarray(row * rowBytes, (row + 1) * rowBytes);
    data.set(unpackIntegers(bytes, bits, cols), row * cols);
  }
  return { dtype: "u8", shape: [rows, cols], data };
}

/** One row of an affine operator, without copying it. */
export function rowOf(operator: AffineOperator, index: number): AffineOperator {
  const { shape: [, cols], groupSize, codes, scales, zeroPoints } = operator;
  const scaleRow = groupSize === null ? 0 : index;
  return {
    ...operator,
    shape: [1, cols],
    codes: matrixRow(codes, index),
    scales: matrixRow(scales, scaleRow),
    zeroPoints: zeroPoints && matrixRow(zeroPoints, scaleRow),
  };
}

/** One row of a matrix, without copying it. */
export function matrixRow<T extends AnyTensor>(matrix: T, row: number): T {
  const cols = matrix.shape[1];
  const data = matrix.data.subarray(row * cols, (row + 1) * cols);
  return { ...matrix, shape: [1, cols], data };
}

/**
 * Unpacks the codes of an operator.
 *
 * @param operator The operator.
 * @returns The codes, one a byte, u8 `[rows, cols]`.
 */
export function unpackCodes(operator: AffineOperator | LevelsOperator): Tensor<"u8"> {
  return unpackRows(operator.codes, operator.bits, operator.shape[1]);
}

/**
 * Writes out the zero points of an affine operator, also where they are packed or left out.
 *
 * @param operator The operator.
 * @returns The zero points in f32, of the shape of the scales.
 */
export function unpackZeroPoints(operator: AffineOperator): Tensor {
  const { zeroPoints, scales, bits } = operator;
  if (zeroPoints === null) {
    const data = new Float32Array(scales.data.length).fill(2 ** (bits - 1));
    return { dtype: "f32", shape: scales.shape, data };
  }
  const isPacked = zeroPoints.dtype === "u8";
  return toF32(isPacked ? unpackRows(zeroPoints, bits, scales.shape[1]) : zeroPoints);
}
