// What a pass of refinement is computed from: M_jk = H_jk H_kk⁻¹ off the diagonal blocks of the Hessian,
// zero on them, and the blocks H_kk. Each block is solved with by its Cholesky factor, in f64: n² b.

import type { Tensor } from "@pare/tensor";

/** M and H_kk, columns in order. */
export interface RefinementFactors {
  /** Mᵀ: row k is what errors of all columns are multiplied with for column k; `[n, n]`. */
  readonly transposed: Float32Array<ArrayBuffer>;
  /** The blocks H_kk one below the other, `[n, blockSize]`. */
  readonly diagonal: Float32Array<ArrayBuffer>;
}

/**
 * Makes the factors of a refinement.
 *
 * @param hessian H, f64 `[n, n]`, positive definite.
 * @param blockSize How many columns are rounded at once.
 */
export function refinementFactors(hessian: Tensor<"f64">, blockSize: number): RefinementFactors {
  const [n] = hessian.shape;
  const transposed = new Float32Array(n * n);
  const diagonal = new Float32Array(n * blockSize);
  const room = new Float64Array(blockSize * n);
  for (let first = 0; first < n; first += blockSize) {
    const size = Math.min(blockSize, n - first);
    const block = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      const start = (first + i) * n + first;
      const row = hessian.data.subarray(start, start + size);
      block.set(row, i * size);
      diagonal.set(row, (first + i) * blockSize);
    }
    factorize(block, size);
    // Rows of H are its columns: those of the block become H_kk⁻¹ H_kj.
    const rows = room.subarray(0, size * n);
    rows.set(hessian.data.subarray(first * n, (first + size) * n));
    solve(block, size, rows, n);
    for (let i = 0; i < size; i++) rows.fill(0, i * n + first, i * n + first + size);
    transposed.set(rows, first * n);
  }
  return { transposed, diagonal };
}

/** The Cholesky factor of a small matrix, in its lower triangle. */
function factorize(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j];
    }
  }
}

/** Solves C Cᵀ X = B for many columns at once, in place. */
function solve(c: Float64Array, n: number, x: Float64Array, cols: number): void {
  const rows = Array.from({ length: n }, (_, i) => x.subarray(i * cols, (i + 1) * cols));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) subtract(rows[i], rows[j], c[i * n + j]);
    divide(rows[i], c[i * n + i]);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) subtract(rows[i], rows[j], c[j * n + i]);
    divide(rows[i], c[i * n + i]);
  }
}

/** x - factor · y, in place. */
function subtract(x: Float64Array, y: Float64Array, factor: number): void {
  for (let k = 0; k < x.length; k++) x[k] -= factor * y[k];
}

function divide(x: Float64Array, divisor: number): void {
  for (let k = 0; k < x.length; k++) x[k] /= divisor;
}
