import { type Check, number, type Tensor } from "@pare/tensor";

/** How far weights count by themselves, whatever the inputs were. */
export interface RidgeOptions {
  /**
   * What is added to the diagonal of the Gram matrix, as a share of its mean: 0 trusts calibration
   * alone, and the larger it is, the nearer the result comes to plain SVD.
   *
   * @default {0}
   */
  ridge?: number;
}

/** The rule of the option. */
export const RIDGE: Check = number(0, 1e6);

/** μ, what a ridge adds to each element of the diagonal of G. */
export function ridgeOf({ shape: [n], data }: Tensor<"f64">, ridge: number): number {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += data[i * (n + 1)];
  return ridge * trace / n;
}

/** G + μ I; G itself without a ridge. */
export function withRidge(gram: Tensor<"f64">, ridge: number = 0): Tensor<"f64"> {
  if (ridge === 0) return gram;
  const { dtype, shape } = gram;
  const data = gram.data.slice();
  const mu = ridgeOf(gram, ridge);
  for (let i = 0; i < data.length; i += shape[0] + 1) data[i] += mu;
  return { dtype, shape, data };
}
