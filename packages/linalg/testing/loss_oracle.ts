// Losses of rows of logits and their derivatives, each with what a device may be off by.

import type { Expected, Float, Values } from "./device_case.ts";
import {
  constant,
  difference,
  dot,
  exact,
  exactly,
  expected,
  product,
  type Rounded,
  rowOf,
  softmax,
} from "./running_error.ts";

/** Calls back for each row of an array, with the numbers of that row. */
function mapRows<T>(x: Values, each: (row: Rounded[], index: number) => T): T[] {
  const cols = x.shape[x.shape.length - 1];
  const numbers = exactly(x);
  return Array.from({ length: numbers.length / cols }, (_, i) => each(rowOf(numbers, i, cols), i));
}

/** The cross-entropy of each row. */
export function crossEntropy(logits: Values, targets: readonly number[], dtype: Float): Expected {
  const losses = mapRows(logits, (row, i) => {
    const { max, log } = softmax(row);
    return difference(log, difference(row[Math.min(targets[i], row.length - 1)], max));
  });
  return expected(logits.shape.slice(0, -1), losses, dtype);
}

/** Its derivative, from that of the logarithm of the softmax. */
export function crossEntropyGradient(
  logits: Values,
  targets: readonly number[],
  gradient: Values,
  dtype: Float,
): Expected {
  const slopes = mapRows(logits, (row, i) => {
    const target = Math.min(targets[i], row.length - 1);
    return softmax(row).weights.map((weight, j) =>
      product(difference(weight, exact(j === target ? 1 : 0)), exact(gradient.data[i]))
    );
  });
  return expected(logits.shape, slopes.flat(), dtype);
}

/** Probabilities and their logarithms of a row of logits at a temperature, which multiplies last. */
function tempered(row: readonly Rounded[], temperature: number) {
  const factor = constant(1 / temperature);
  const largest = row.reduce((max, one) => one.value > max.value ? one : max);
  const scaled = row.map((one) => product(difference(one, largest), factor));
  const { weights, max, log } = softmax(scaled);
  return { weights, logs: scaled.map((one) => difference(difference(one, max), log)), factor };
}

/** The divergence of each row of the student from the teacher's. */
export function klDivergence(
  teacher: Values,
  student: Values,
  temperature: number,
  dtype: Float,
): Expected {
  const wanted = mapRows(teacher, (row) => tempered(row, temperature));
  const losses = mapRows(student, (row, i) => {
    const { logs } = tempered(row, temperature);
    return dot(wanted[i].weights, wanted[i].logs.map((log, j) => difference(log, logs[j])));
  });
  return expected(student.shape.slice(0, -1), losses, dtype);
}

/** Its derivative with respect to the student. */
export function klDivergenceGradient(
  teacher: Values,
  student: Values,
  gradient: Values,
  temperature: number,
  dtype: Float,
): Expected {
  const wanted = mapRows(teacher, (row) => tempered(row, temperature));
  const slopes = mapRows(student, (row, i) => {
    const { weights, factor } = tempered(row, temperature);
    return weights.map((weight, j) =>
      product(difference(weight, wanted[i].weights[j]), factor, exact(gradient.data[i]))
    );
  });
  return expected(student.shape, slopes.flat(), dtype);
}
