// Several weights that read one input as one matrix: one below the other.

import type { Dtype, Tensor } from "@pare/tensor";

/** The weights one below the other; the weight itself where there is one. */
export function stackRows(weights: readonly Tensor[]): Tensor {
  if (weights.length === 1) return weights[0];
  const [, cols] = weights[0].shape;
  const rows = weights.reduce((sum, { shape }) => sum + shape[0], 0);
  const data = new Float32Array(rows * cols);
  let start = 0;
  for (const { data: own } of weights) {
    data.set(own, start);
    start += own.length;
  }
  return { dtype: "f32", shape: [rows, cols], data };
}

/** The parts of a stack with the given numbers of rows; they share its numbers. */
export function splitRows<D extends "f32" | "f64" & Dtype>(
  { dtype, shape: [, cols], data }: Tensor<D>,
  heights: readonly number[],
): Tensor<D>[] {
  let start = 0;
  return heights.map((rows) => {
    const own = data.subarray(start, start += rows * cols) as Tensor<D>["data"];
    return { dtype, shape: [rows, cols], data: own };
  });
}
