import type { Tensor } from "@pare/tensor";

/** The identity, f64 `[n, n]`. */
export function identity(n: number): Tensor<"f64"> {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * (n + 1)] = 1;
  return { dtype: "f64", shape: [n, n], data };
}
