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

/** μ, what a ridge adds to each element of the diagonal of G; G `[n, n]`, or its diagonal `[n]`. */
export function ridgeOf(gram: Tensor<"f64">, ridge: number): number {
  const { shape: [n], data } = gram;
  let trace = 0;
  for (let i = 0; i < data.length; i += strideOf(gram)) trace += data[i];
  return ridge * trace / n;
}

/** G + μ I, as G is given; G itself without a ridge. */
export function withRidge(gram: Tensor<"f64">, ridge: number = 0): Tensor<"f64"> {
  if (ridge === 0) return gram;
  const { dtype, shape } = gram;
  const data = gram.data.slice();
  const mu = ridgeOf(gram, ridge);
  for (let i = 0; i < data.length; i += strideOf(gram)) data[i] += mu;
  return { dtype, shape, data };
}

/** From one element of the diagonal to the next. */
function strideOf({ shape }: Tensor<"f64">): number {
  return shape.length === 1 ? 1 : shape[0] + 1;
}
