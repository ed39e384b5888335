// Several weights that read one input as one matrix: one below the other, each divided by a scale.

import type { Tensor } from "@pare/tensor";

/** The rows of one weight in a stack. */
export interface RowBlock {
  /** How many there are. */
  readonly rows: number;
  /** What the weight is divided by, a power of two: it costs no digit. */
  readonly scale: number;
}

/** The weights one below the other; the weight itself where there is one. */
export function stackRows(weights: readonly Tensor[], blocks: readonly RowBlock[]): Tensor {
  if (blocks.length === 1 && blocks[0].scale === 1) return weights[0];
  const [, cols] = weights[0].shape;
  const rows = blocks.reduce((sum, { rows }) => sum + rows, 0);
  const data = new Float32Array(rows * cols);
  let start = 0;
  for (const [i, { data: own }] of weights.entries()) {
    for (const value of own) data[start++] = value / blocks[i].scale;
  }
  return { dtype: "f32", shape: [rows, cols], data };
}

/** The weights of a stack as they were before it. */
export function splitRows<D extends "f32" | "f64">(
  { dtype, shape: [, cols], data }: Tensor<D>,
  blocks: readonly RowBlock[],
): Tensor<D>[] {
  let start = 0;
  return blocks.map(({ rows, scale }) => {
    const own = data.subarray(start, start += rows * cols);
    const scaled = scale === 1 ? own : own.map((value) => scale * value);
    return { dtype, shape: [rows, cols], data: scaled as Tensor<D>["data"] };
  });
}
