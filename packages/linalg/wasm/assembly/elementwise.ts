// Sums, differences, products and multiples of every element, and conversions.

import { divideUp, GRAIN, number, word } from "./memory";
import { highDoubles, joinDoubles, lanes, loadUpTo, lowDoubles, storeUpTo } from "./simd";

const ADD: usize = 0;
const SUBTRACT: usize = 1;

export function binaryTasks(): usize {
  return divideUp(word(3), GRAIN);
}

/** a, b, out, length, period, which operation. */
export function binaryTask<T>(task: usize): void {
  const size = sizeof<T>();
  const period = word(4);
  const end = min(word(3), (task + 1) * GRAIN);
  let i = task * GRAIN;
  if (period == 1) {
    const y = v128.splat<T>(load<T>(word(1)));
    for (; i < end; i += lanes<T>()) {
      const result = combine<T>(loadUpTo<T>(word(0) + i * size, end - i), y, word(5));
      storeUpTo<T>(word(2) + i * size, result, end - i);
    }
    return;
  }
  let from = i % period;
  while (i < end) {
    const count = min(end - i, period - from);
    combineRun<T>(word(0) + i * size, word(1) + from * size, word(2) + i * size, count, word(5));
    i += count;
    from = 0;
  }
}

@inline
function combineRun<T>(a: usize, b: usize, out: usize, count: usize, kind: usize): void {
  let at: usize = 0;
  for (let i: usize = 0; i < count; i += lanes<T>(), at += 16) {
    const x = loadUpTo<T>(a + at, count - i);
    const y = loadUpTo<T>(b + at, count - i);
    storeUpTo<T>(out + at, combine<T>(x, y, kind), count - i);
  }
}

@inline
function combine<T>(x: v128, y: v128, kind: usize): v128 {
  return kind == ADD
    ? v128.add<T>(x, y)
    : kind == SUBTRACT
    ? v128.sub<T>(x, y)
    : v128.mul<T>(x, y);
}

export function scaleTasks(): usize {
  return divideUp(word(2), GRAIN);
}

/** x, out, length; the factor is number 0, and is not rounded to f32. */
export function scaleTask<T>(task: usize): void {
  const factor = f64x2.splat(number(0));
  const end = min(word(2), (task + 1) * GRAIN);
  for (let i = task * GRAIN; i < end; i += lanes<T>()) {
    const x = loadUpTo<T>(word(0) + i * sizeof<T>(), end - i);
    const result = sizeof<T>() == 8
      ? f64x2.mul(x, factor)
      : joinDoubles(f64x2.mul(lowDoubles(x), factor), f64x2.mul(highDoubles(x), factor));
    storeUpTo<T>(word(1) + i * sizeof<T>(), result, end - i);
  }
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
