// Small matrices in f64 and what is measured of them, computed plainly: what the methods are tested
// against shares no code with them.

import { type Device, svd } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { randomNormal, type Tensor, tensor, toF64 } from "@pare/tensor";

/** A matrix in f64. */
export type Matrix = Tensor<"f64">;

/** A matrix of its rows. */
export function matrix(rows: readonly (readonly number[])[]): Matrix {
  return tensor(Float64Array.from(rows.flat()), [rows.length, rows[0].length]);
}

/** A diagonal matrix. */
export function diagonal(values: ArrayLike<number>): Matrix {
  const n = values.length;
  return generate(n, n, (i, j) => i === j ? values[i] : 0);
}

/** A matrix of a formula. */
export function generate(
  rows: number,
  cols: number,
  at: (i: number, j: number) => number,
): Matrix {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = at(i, j);
  }
  return { dtype: "f64", shape: [rows, cols], data };
}

/** Normal numbers. */
export function random(rows: number, cols: number, seed: number, stream: number = 0): Matrix {
  return toF64(randomNormal([rows, cols], { seed, stream }));
}

/** a · b. */
export function times(a: Matrix, b: Matrix): Matrix {
  const [rows, inner] = a.shape;
  const [, cols] = b.shape;
  return generate(rows, cols, (i, j) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a.data[i * inner + k] * b.data[k * cols + j];
    return sum;
  });
}

/** aᵀ. */
export function transposed({ shape: [rows, cols], data }: Matrix): Matrix {
  return generate(cols, rows, (i, j) => data[j * cols + i]);
}

/** a + factor · b. */
export function plus(a: Matrix, b: Matrix, factor: number = 1): Matrix {
  return { ...a, data: a.data.map((value, i) => value + factor * b.data[i]) };
}

/** The first columns, or those from `first` on. */
export function columns(a: Matrix, first: number, count: number): Matrix {
  const [rows, cols] = a.shape;
  return generate(rows, count, (i, j) => a.data[i * cols + first + j]);
}

/** a and b side by side. */
export function beside(a: Matrix, b: Matrix): Matrix {
  const [rows, left] = a.shape;
  const [, right] = b.shape;
  const at = (i: number, j: number) =>
    j < left ? a.data[i * left + j] : b.data[i * right + j - left];
  return generate(rows, left + right, at);
}

/** tr(E H Eᵀ). */
export function weighed(e: Matrix, h: Matrix): number {
  const { data } = times(e, h);
  return data.reduce((sum, value, i) => sum + value * e.data[i], 0);
}

/** The Frobenius norm. */
export function norm({ data }: Matrix): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
}

/** U Uᵀ A. */
export function projected(a: Matrix, u: Matrix): Matrix {
  return times(u, times(transposed(u), a));
}

/** A - U Uᵀ A. */
export function remainder(a: Matrix, u: Matrix): Matrix {
  return plus(a, projected(a, u), -1);
}

/** ‖A - U Uᵀ A‖_F and ‖(A - U Uᵀ A) X‖_F, relative to nothing. */
export function losses(a: Matrix, u: Matrix, x: Matrix): { weight: number; activation: number } {
  const rest = remainder(a, u);
  return { weight: norm(rest), activation: norm(times(rest, x)) };
}

/** The largest element of UᵀU - I. */
export function departure(u: Matrix): number {
  const { shape: [n], data } = times(transposed(u), u);
  return data.reduce((most, value, i) => {
    return Math.max(most, Math.abs(value - (i % (n + 1) === 0 ? 1 : 0)));
  }, 0);
}

/** X of A X = B, A square, by elimination with the largest pivot of each column. */
export function solved(a: Matrix, b: Matrix): Matrix {
  const [n] = a.shape;
  const { data, shape: [, width] } = beside(a, b);
  const row = (i: number) => data.subarray(i * width, (i + 1) * width);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k; i < n; i++) if (Math.abs(row(i)[k]) > Math.abs(row(pivot)[k])) pivot = i;
    const swapped = row(k).slice();
    row(k).set(row(pivot));
    row(pivot).set(swapped);
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = row(i)[k] / row(k)[k];
      for (let j = k; j < width; j++) row(i)[j] -= factor * row(k)[j];
    }
  }
  const [, cols] = b.shape;
  return generate(n, cols, (i, j) => row(i)[n + j] / row(i)[i]);
}

/** The singular values, descending. */
export async function singularValues(a: Matrix, device: Device): Promise<Float64Array> {
  return (await svd(a, { device })).singularValues.data;
}

/** √Σ σ_i² from `first` on. */
export function tail(sigma: Float64Array, first: number): number {
  return Math.hypot(...sigma.subarray(first));
}

/** Statistics of inputs with one row per channel. */
export function statisticsOf(x: Matrix): Statistics {
  const [n, tokens] = x.shape;
  const abs = Array.from(
    { length: n },
    (_, i) => x.data.slice(i * tokens, (i + 1) * tokens).map(Math.abs),
  );
  const mean = abs.map((row) => row.reduce((a, b) => a + b, 0) / tokens);
  return {
    tokens,
    gram: times(x, transposed(x)),
    meanAbs: tensor(Float64Array.from(mean), [n]),
    maxAbs: tensor(Float64Array.from(abs, (row) => Math.max(...row)), [n]),
  };
}

/** A weight, and the inputs of its layer, one row per channel. */
export interface Layer {
  readonly a: Matrix;
  readonly x: Matrix;
}

/** Correlated inputs whose channels differ in size. */
export function randomLayer(rows: number, cols: number, tokens: number, seed: number): Layer {
  const mixed = times(random(cols, cols, seed, 1), random(cols, tokens, seed, 2));
  const x = generate(cols, tokens, (i, t) => 3 ** (i % 4) * mixed.data[i * tokens + t]);
  return { a: random(rows, cols, seed), x };
}
