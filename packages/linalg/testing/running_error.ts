// Numbers with a bound on what a device may be off by, to first order, found while they are computed
// (running error analysis: N. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition,
// 2002, section 3.3). Errors count in roundings u, half the distance from 1 to the next number of the
// dtype. One rounding for each sum and product; for functions as many as WGSL allows, in which a unit
// in the last place is 2u: exp 3 + 2|x| of them, a quotient 2.5, 1/√x 2, and log 3 or, near 1, 2⁻²¹.
// A sum may be taken in any order. What a product, a quotient or an exponential makes may be flushed
// to zero.

import { type Expected, type Float, FLUSHED, UNIT, type Values } from "./device_case.ts";

/** What flushing to zero is in roundings of f32. */
const FLUSH = FLUSHED / UNIT.f32;

/** A number, and its error in roundings. */
export interface Rounded {
  readonly value: number;
  readonly error: number;
}

/** A number that is stored as it is. */
export function exact(value: number): Rounded {
  return { value, error: 0 };
}

/** A number that is rounded to the dtype before it is used. */
export function constant(value: number): Rounded {
  return { value, error: Math.abs(value) };
}

/** The sum of all, in any order. */
export function sum(terms: readonly Rounded[]): Rounded {
  let value = 0;
  let error = 0;
  for (const term of terms) {
    value += term.value;
    error += term.error + (terms.length - 1) * Math.abs(term.value);
  }
  return { value, error };
}

/** a − b. */
export function difference(a: Rounded, b: Rounded): Rounded {
  const value = a.value - b.value;
  return { value, error: a.error + b.error + Math.abs(value) };
}

/** The product of two numbers or more. */
export function product(first: Rounded, ...others: readonly Rounded[]): Rounded {
  let { value, error } = first;
  for (const other of others) {
    error = Math.abs(value) * other.error + Math.abs(other.value) * error;
    value *= other.value;
    error += Math.abs(value) + FLUSH;
  }
  return { value, error };
}

/** Σ a_i b_i. */
export function dot(a: readonly Rounded[], b: readonly Rounded[]): Rounded {
  return sum(a.map((x, i) => product(x, b[i])));
}

/** a / b. */
export function quotient(a: Rounded, b: Rounded): Rounded {
  const value = a.value / b.value;
  const error = (a.error + Math.abs(value) * b.error) / Math.abs(b.value) + 5 * Math.abs(value);
  return { value, error: error + FLUSH };
}

/** The mean of all. */
export function mean(terms: readonly Rounded[]): Rounded {
  return quotient(sum(terms), exact(terms.length));
}

/** exp x. */
export function exponential(x: Rounded): Rounded {
  const value = Math.exp(x.value);
  return { value, error: value * (x.error + 6 + 4 * Math.abs(x.value)) + FLUSH };
}

/** log x. */
export function logarithm(x: Rounded): Rounded {
  const value = Math.log(x.value);
  return { value, error: x.error / x.value + 8 + 6 * Math.abs(value) };
}

/** √x. */
export function root(x: Rounded): Rounded {
  const value = Math.sqrt(x.value);
  return { value, error: x.value === 0 ? 0 : value * (x.error / (2 * x.value) + 9) };
}

/** 1 / √x. */
export function inverseRoot(x: Rounded): Rounded {
  return quotient(exact(1), root(x));
}

/** exp(x − max x) / Σ of a row, and the logarithm of that sum. */
export function softmax(x: readonly Rounded[]): { weights: Rounded[]; max: Rounded; log: Rounded } {
  const max = x.reduce((largest, one) => one.value > largest.value ? one : largest);
  const exponentials = x.map((one) => exponential(difference(one, max)));
  const total = sum(exponentials);
  return { weights: exponentials.map((one) => quotient(one, total)), max, log: logarithm(total) };
}

/** Numbers that are stored as they are. */
export function exactly({ data }: Values): Rounded[] {
  return Array.from(data, exact);
}

/** A row of a matrix of so many columns. */
export function rowOf(x: readonly Rounded[], row: number, cols: number): Rounded[] {
  return x.slice(row * cols, (row + 1) * cols);
}

/**
 * What a device should compute in a dtype, and how far off it may be: twice the errors, as terms of
 * second order are left out, and as in f64 the numbers here err like those of the device.
 */
export function expected(
  shape: readonly number[],
  numbers: readonly Rounded[],
  dtype: Float,
): Expected {
  return {
    shape,
    data: Float64Array.from(numbers, ({ value }) => value),
    bound: Float64Array.from(numbers, ({ error }) => 2 * UNIT[dtype] * error),
  };
}
