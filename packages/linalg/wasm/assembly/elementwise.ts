// Sums, differences, products and multiples of every element, and conversions.

import { divideUp, GRAIN, number, word } from "./memory";
import { highDoubles, joinDoubles, lanes, loadUpTo, lowDoubles, storeUpTo } from "./simd";

const ADD: usize = 0;
const SUBTRACT: usize = 1;
const MULTIPLY: usize = 2;

export function binaryTasks(): usize {
  return divideUp(word(3), GRAIN);
}

/** a, b, out, length, period, which operation. */
export function binaryTask<T>(task: usize): void {
  const kind = word(5);
  if (kind == ADD) combine<T>(task, ADD);
  else if (kind == SUBTRACT) combine<T>(task, SUBTRACT);
  else combine<T>(task, MULTIPLY);
}

@inline
function combine<T>(task: usize, kind: usize): void {
  const size = sizeof<T>();
  const period = word(4);
  const end = min(word(3), (task + 1) * GRAIN);
  let i = task * GRAIN;
  if (period == 1) {
    combineNumber<T>(word(0) + i * size, word(1), word(2) + i * size, end - i, kind);
    return;
  }
  let from = i % period;
  while (i < end) {
    const count = min(end - i, period - from);
    combineRun<T>(word(0) + i * size, word(1) + from * size, word(2) + i * size, count, kind);
    i += count;
    from = 0;
  }
}

@inline
function combineRun<T>(a: usize, b: usize, out: usize, count: usize, kind: usize): void {
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(out, combineVectors<T>(v128.load(a), v128.load(b), kind));
    a += 16;
    b += 16;
    out += 16;
  }
  if (count > 0) {
    const y = loadUpTo<T>(b, count);
    storeUpTo<T>(out, combineVectors<T>(loadUpTo<T>(a, count), y, kind), count);
  }
}

@inline
function combineNumber<T>(a: usize, b: usize, out: usize, count: usize, kind: usize): void {
  const y = v128.splat<T>(load<T>(b));
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(out, combineVectors<T>(v128.load(a), y, kind));
    a += 16;
    out += 16;
  }
  if (count > 0) storeUpTo<T>(out, combineVectors<T>(loadUpTo<T>(a, count), y, kind), count);
}

@inline
function combineVectors<T>(x: v128, y: v128, kind: usize): v128 {
  if (kind == ADD) return v128.add<T>(x, y);
  if (kind == SUBTRACT) return v128.sub<T>(x, y);
  return v128.mul<T>(x, y);
}

export function scaleTasks(): usize {
  return divideUp(word(2), GRAIN);
}

/** x, out, length; the factor is number 0, and is not rounded to f32. */
export function scaleTask<T>(task: usize): void {
  const factor = f64x2.splat(number(0));
  const start = task * GRAIN;
  let count = min(GRAIN, word(2) - start);
  let x = word(0) + start * sizeof<T>();
  let out = word(1) + start * sizeof<T>();
  for (; count >= lanes<T>(); count -= lanes<T>()) {
    v128.store(out, scaled<T>(v128.load(x), factor));
    x += 16;
    out += 16;
  }
  if (count > 0) storeUpTo<T>(out, scaled<T>(loadUpTo<T>(x, count), factor), count);
}

@inline
function scaled<T>(x: v128, factor: v128): v128 {
  if (sizeof<T>() == 8) return f64x2.mul(x, factor);
  return joinDoubles(f64x2.mul(lowDoubles(x), factor), f64x2.mul(highDoubles(x), factor));
}

export function castTasks(): usize {
  return divideUp(word(2), GRAIN);
}

/** x, out, length. */
export function castTask<S, T>(task: usize): void {
  const end = min(word(2), (task + 1) * GRAIN);
  for (let i = task * GRAIN; i < end; i++) {
    store<T>(word(1) + i * sizeof<T>(), <T> load<S>(word(0) + i * sizeof<S>()));
  }
}
