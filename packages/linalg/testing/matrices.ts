// Matrices that tell right factorizations from wrong ones, and what is measured of a result.

import { type Float, randomValues, UNIT, type Values } from "./device_case.ts";
import { product, transposed } from "./oracle.ts";

/** a · b in f64. */
export function times(a: Values, b: Values): Values {
  return product(a, b, 1, "f64");
}

/** The Frobenius norm, whatever the scale. */
export function frobenius({ data }: Values): number {
  const largest = data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (largest === 0) return 0;
  return largest * Math.sqrt(data.reduce((sum, value) => sum + (value / largest) ** 2, 0));
}

/** ‖a - b‖ / ‖b‖, or ‖a‖ where b is zero. */
export function distance(a: Values, b: Values): number {
  const difference = { shape: b.shape, data: b.data.map((value, i) => a.data[i] - value) };
  return frobenius(difference) / (frobenius(b) || 1);
}

/** ‖QᵀQ - I‖: how far the columns are from orthonormal. */
export function departure(q: Values): number {
  const gram = times(transposed(q), q);
  const [n] = gram.shape;
  for (let i = 0; i < n; i++) gram.data[i * n + i] -= 1;
  return frobenius(gram);
}

/** Multiplies column j by factor j. */
export function scaledColumns({ shape, data }: Values, factors: ArrayLike<number>): Values {
  return { shape, data: data.map((value, i) => value * factors[i % shape[1]]) };
}

/** Random orthonormal columns, by Gram and Schmidt done twice. */
export function randomOrthonormal(rows: number, cols: number, seed: number): Values {
  const { data } = randomValues([cols, rows], seed, "f64");
  const columns = Array.from({ length: cols }, (_, j) => data.slice(j * rows, (j + 1) * rows));
  for (const [j, column] of columns.entries()) {
    for (const earlier of [...columns.slice(0, j), ...columns.slice(0, j)]) {
      const along = column.reduce((sum, value, i) => sum + value * earlier[i], 0);
      column.forEach((value, i) => column[i] = value - along * earlier[i]);
    }
    const norm = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
    column.forEach((value, i) => column[i] = value / norm);
  }
  return transposed({
    shape: [cols, rows],
    data: Float64Array.from(columns.flatMap((column) => [...column])),
  });
}

/** A matrix `[rows, cols]` with the given singular values and random singular vectors. */
export function withSingularValues(
  rows: number,
  cols: number,
  values: readonly number[],
  seed: number,
): Values {
  const left = randomOrthonormal(rows, values.length, seed);
  const right = randomOrthonormal(cols, values.length, seed + 1);
  return times(scaledColumns(left, values), transposed(right));
}

/** A symmetric matrix with the given eigenvalues and random eigenvectors. */
export function withEigenvalues(values: readonly number[], seed: number): Values {
  const basis = randomOrthonormal(values.length, values.length, seed);
  const { shape, data } = times(scaledColumns(basis, values), transposed(basis));
  const [n] = shape;
  // To the last bit: the product may round differently on the two sides.
  return { shape, data: data.map((value, i) => (value + data[i % n * n + Math.floor(i / n)]) / 2) };
}

/** n numbers from 1 down to `last`, each the same fraction of the one before. */
export function graded(n: number, last: number): number[] {
  return Array.from({ length: n }, (_, i) => last ** (n > 1 ? i / (n - 1) : 0));
}

/** Multiplies all elements. */
export function scaled({ shape, data }: Values, factor: number): Values {
  return { shape, data: data.map((value) => value * factor) };
}

/** Rounds to what the dtype holds. */
export function roundedTo(values: Values, dtype: Float): Values {
  return dtype === "f64" ? values : { ...values, data: values.data.map(Math.fround) };
}

/** What a factorization may be off by, relative to the norm: 8 (n + 4) units of rounding. */
export function allowed({ shape }: Values, dtype: Float): number {
  return 8 * (Math.max(...shape) + 4) * UNIT[dtype];
}

/** Rectangular matrices of every kind, some across several blocks. */
export const RECTANGULAR: readonly (readonly [name: string, matrix: () => Values])[] = [
  ["one element", () => randomValues([1, 1], 1, "f64")],
  ["one negative element", () => ({ shape: [1, 1], data: Float64Array.of(-3) })],
  ["one row", () => randomValues([1, 7], 2, "f64")],
  ["one column", () => randomValues([9, 1], 3, "f64")],
  ["square", () => randomValues([17, 17], 4, "f64")],
  ["square over blocks", () => randomValues([100, 100], 5, "f64")],
  ["tall", () => randomValues([130, 41], 6, "f64")],
  ["wide", () => randomValues([33, 97], 7, "f64")],
  ["one more row than a block", () => randomValues([33, 32], 8, "f64")],
  ["graded", () => withSingularValues(70, 70, graded(70, 1e-12), 9)],
  ["graded and tall", () => withSingularValues(90, 40, graded(40, 1e-12), 10)],
  [
    "graded columns",
    () => scaledColumns(randomValues([70, 66], 11, "f64"), graded(66, 1e-30)),
  ],
  [
    "graded rows",
    () => transposed(scaledColumns(randomValues([66, 70], 12, "f64"), graded(70, 1e-30))),
  ],
  ["rank 3 of 67", () => withSingularValues(70, 67, [5, 4, 3], 13)],
  ["equal columns", () => ({ shape: [40, 35], data: new Float64Array(40 * 35).fill(0.7) })],
  ["zero", () => ({ shape: [37, 35], data: new Float64Array(37 * 35) })],
  ["a zero row and column", () => withZeros(randomValues([40, 36], 14, "f64"))],
  ["repeated singular values", () => withSingularValues(50, 50, Array(50).fill(2), 15)],
  ["two clusters", () => withSingularValues(60, 45, clusters(45), 16)],
  ["the identity", () => identity(40)],
  ["upper bidiagonal", () => bidiagonal(48)],
];

/** Matrices beyond what squares of f64 can hold. */
export const EXTREME: readonly (readonly [name: string, matrix: () => Values])[] = [
  ["huge", () => scaled(randomValues([40, 36], 17, "f64"), 1e150)],
  ["nearly too large", () => scaled(randomValues([40, 36], 18, "f64"), 1e307)],
  ["tiny", () => scaled(randomValues([40, 36], 19, "f64"), 1e-150)],
  ["nearly zero", () => scaled(randomValues([40, 36], 20, "f64"), 1e-290)],
  [
    "columns of 1e-200 beside those of 1",
    () => scaledColumns(randomValues([40, 36], 21, "f64"), alternating(36, 1e-200)),
  ],
];

/** Symmetric matrices of every kind. */
export const SYMMETRIC: readonly (readonly [name: string, matrix: () => Values])[] = [
  ["one element", () => withEigenvalues([-3], 1)],
  ["two", () => withEigenvalues([2, -1], 2)],
  ["indefinite", () => symmetric(randomValues([17, 17], 3, "f64"))],
  ["indefinite over blocks", () => symmetric(randomValues([100, 100], 4, "f64"))],
  ["positive", () => withEigenvalues(graded(65, 1e-3), 5)],
  ["graded", () => withEigenvalues(graded(70, 1e-12), 6)],
  ["graded with signs", () => withEigenvalues(graded(66, 1e-12).map((v, i) => i % 2 ? v : -v), 7)],
  ["rank 3 of 70", () => withEigenvalues([5, -4, 3, ...Array(67).fill(0)], 8)],
  ["zero", () => ({ shape: [35, 35], data: new Float64Array(35 * 35) })],
  ["the identity", () => identity(40)],
  ["repeated", () => withEigenvalues([...Array(30).fill(2), ...Array(20).fill(-1)], 9)],
  ["two clusters", () => withEigenvalues(clusters(45), 10)],
  ["diagonal", () => scaledColumns(identity(40), graded(40, 1e-20))],
  ["all ones", () => ({ shape: [34, 34], data: new Float64Array(34 * 34).fill(1) })],
  ["exchange", () => exchange(33)],
  ["second differences", () => secondDifferences(64)],
  ["Wilkinson's, with pairs that nearly agree", () => wilkinson(31)],
  ["graded down the diagonal", () => gradedDiagonal(40, 1e-20)],
  ["graded up the diagonal", () => turnedAround(gradedDiagonal(40, 1e-20))],
];

/** (a + aᵀ) / 2. */
export function symmetric(a: Values): Values {
  const b = transposed(a);
  return { shape: a.shape, data: a.data.map((value, i) => (value + b.data[i]) / 2) };
}

/** The identity. */
export function identity(n: number): Values {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return { shape: [n, n], data };
}

/** 2 on the diagonal and -1 beside it; eigenvalue k is 2 - 2 cos(kπ/(n + 1)), from k = 1. */
export function secondDifferences(n: number): Values {
  return tridiagonal(n, () => 2, () => -1);
}

/** |i - middle| on the diagonal and 1 beside it. */
function wilkinson(n: number): Values {
  return tridiagonal(n, (i) => Math.abs(i - (n - 1) / 2), () => 1);
}

function tridiagonal(n: number, diagonal: (i: number) => number, beside: () => number): Values {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    data[i * n + i] = diagonal(i);
    if (i > 0) data[i * n + i - 1] = data[(i - 1) * n + i] = beside();
  }
  return { shape: [n, n], data };
}

/** 1 … n on the diagonal and 1 right of it. */
function bidiagonal(n: number): Values {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    data[i * n + i] = i + 1;
    if (i > 0) data[(i - 1) * n + i] = 1;
  }
  return { shape: [n, n], data };
}

/** Ones from corner to corner. */
function exchange(n: number): Values {
  const { shape, data } = identity(n);
  return { shape, data: data.toReversed() };
}

/** D (I + S / 10) D for a random symmetric S and a graded diagonal D. */
function gradedDiagonal(n: number, last: number): Values {
  const inner = symmetric(randomValues([n, n], 22, "f64"));
  const { data } = identity(n);
  const sum = { shape: [n, n], data: data.map((one, i) => one + inner.data[i] / 10) };
  const factors = graded(n, last);
  return transposed(scaledColumns(transposed(scaledColumns(sum, factors)), factors));
}

function turnedAround({ shape, data }: Values): Values {
  return { shape, data: data.toReversed() };
}

function withZeros({ shape, data }: Values): Values {
  const zeroed = data.map((value, i) =>
    i % shape[1] === 5 || Math.floor(i / shape[1]) === 7 ? 0 : value
  );
  return { shape, data: zeroed };
}

/** Half of them 1, half of them 1e-9, within 1e-13 of each other. */
function clusters(n: number): number[] {
  return Array.from({ length: n }, (_, i) => (i < n / 2 ? 1 : 1e-9) + i * 1e-14);
}

function alternating(n: number, small: number): number[] {
  return Array.from({ length: n }, (_, i) => i % 2 ? small : 1);
}

/** x xᵀ + I of a random x `[n, n]`. */
export function positive(n: number, seed: number): Values {
  const x = randomValues([n, n], seed, "f64");
  const { shape, data } = times(x, transposed(x));
  return { shape, data: data.map((value, i) => value + (i % (n + 1) === 0 ? 1 : 0)) };
}
