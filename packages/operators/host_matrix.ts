// Small matrices on the host, in f64, for dense matrices and tests of what a device computes.

/** Multiplies `[m, k]` by `[k, n]`. */
export function multiply(
  a: Float64Array,
  b: Float64Array,
  m: number,
  k: number,
  n: number,
): Float64Array {
  const product = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = a[i * k + l];
      for (let j = 0; j < n; j++) product[i * n + j] += factor * b[l * n + j];
    }
  }
  return product;
}

/** Swaps rows and columns of `[rows, cols]`. */
export function transpose(a: Float64Array, rows: number, cols: number): Float64Array {
  const swapped = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) swapped[j * rows + i] = a[i * cols + j];
  }
  return swapped;
}

/** The numbers from 0 to `length − 1`. */
export function range(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => i);
}
