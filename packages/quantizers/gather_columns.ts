import type { Tensor } from "@pare/tensor";

/** A matrix whose column p is column `order[p]` of the given one. */
export function gatherColumns(weight: Tensor, order: Uint32Array): Tensor {
  const cols = order.length;
  const data = weight.data.map((_, i, values) => values[i - i % cols + order[i % cols]]);
  return { ...weight, data };
}

/** A square matrix whose row and column p are those of channel `order[p]`. */
export function gatherBoth(matrix: Tensor<"f64">, order: Uint32Array): Tensor<"f64"> {
  const n = order.length;
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const from = order[i] * n;
    for (let j = 0; j < n; j++) data[i * n + j] = matrix.data[from + order[j]];
  }
  return { ...matrix, data };
}
