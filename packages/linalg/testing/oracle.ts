// The naive computations that devices are held against: plain loops over f64, written from the
// definitions and not from any backend's kernel. Each gives the value and what its error bound is
// made of.

import { sizeOf } from "@pare/tensor";
import { type Expected, type Float, UNIT, type Values } from "./device_case.ts";

/** Swaps rows and columns. */
export function transposed({ shape: [rows, cols], data }: Values): Values {
  const swapped = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) swapped[j * rows + i] = data[i * cols + j];
  }
  return { shape: [cols, rows], data: swapped };
}

/** Copies a rectangle of a matrix. */
export function rectangle(
  { shape, data }: Values,
  row: number,
  col: number,
  rows: number,
  cols: number,
): Values {
  const block = new Float64Array(rows * cols);
  for (let i = 0; i < block.length; i++) {
    block[i] = data[(row + Math.floor(i / cols)) * shape[1] + col + i % cols];
  }
  return { shape: [rows, cols], data: block };
}

/** Copies a matrix over a rectangle of another. */
export function overwritten(target: Values, matrix: Values, row: number, col: number): Values {
  const data = target.data.slice();
  const [, width] = target.shape;
  const [, cols] = matrix.shape;
  for (let i = 0; i < matrix.data.length; i++) {
    data[(row + Math.floor(i / cols)) * width + col + i % cols] = matrix.data[i];
  }
  return { shape: target.shape, data };
}

/** One matrix of a stack of them. */
export function entry({ shape, data }: Values, index: number): Values {
  const matrix = shape.slice(-2);
  const size = sizeOf(matrix);
  return { shape: matrix, data: data.slice(index * size, (index + 1) * size) };
}

/** Stacks matrices of one shape. */
export function stacked(entries: readonly Expected[]): Expected {
  const size = entries[0].data.length;
  const data = new Float64Array(size * entries.length);
  const bound = new Float64Array(data.length);
  for (const [i, one] of entries.entries()) {
    data.set(one.data, i * size);
    bound.set(one.bound as Float64Array, i * size);
  }
  return { shape: [entries.length, ...entries[0].shape], data, bound };
}

/**
 * alpha · a · b.
 *
 * Each of the k products and k - 1 sums of an element rounds once, and so does alpha, in whatever
 * order: |error| <= (k + 2) u |alpha| Σ |a| |b| to first order (Higham, Accuracy and Stability of
 * Numerical Algorithms, 3.5). In f64 the oracle errs as much as the device, hence twice that.
 */
export function product(a: Values, b: Values, alpha: number, dtype: Float): Expected {
  const [m, k] = a.shape;
  const [, n] = b.shape;
  const data = new Float64Array(m * n);
  const bound = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const left = a.data[i * k + l];
      for (let j = 0; j < n; j++) {
        const term = alpha * left * b.data[l * n + j];
        data[i * n + j] += term;
        bound[i * n + j] += Math.abs(term);
      }
    }
  }
  const roundings = 2 * (k + 2) * UNIT[dtype];
  return { shape: [m, n], data, bound: bound.map((sum) => roundings * sum) };
}

/** The stack of products; a stack of one entry serves all. */
export function batchedProduct(a: Values, b: Values, batch: number, dtype: Float): Expected {
  return stacked(
    Array.from({ length: batch }, (_, i) => {
      const left = a.shape.length > 2 && a.shape[0] > 1 ? entry(a, i) : entry(a, 0);
      const right = b.shape.length > 2 && b.shape[0] > 1 ? entry(b, i) : entry(b, 0);
      return product(left, right, 1, dtype);
    }),
  );
}

/** Transposes every matrix of a stack. */
export function eachTransposed(stack: Values): Values {
  const count = stack.shape.length > 2 ? stack.shape[0] : 1;
  const parts = Array.from({ length: count }, (_, i) => transposed(entry(stack, i)));
  const data = Float64Array.from(parts.flatMap((part) => [...part.data]));
  return { shape: [...stack.shape.slice(0, -2), ...parts[0].shape], data };
}

/** The error function, by Simpson's rule on its integral: within 1e-14 for |x| <= 8. */
export function erf(x: number): number {
  const steps = 4000;
  const width = x / steps;
  let sum = 1 + Math.exp(-x * x);
  for (let i = 1; i < steps; i++) sum += (i % 2 ? 4 : 2) * Math.exp(-((i * width) ** 2));
  return 2 / Math.sqrt(Math.PI) * sum * width / 3;
}
