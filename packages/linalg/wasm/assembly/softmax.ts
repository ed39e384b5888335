// exp(x − max) / Σ over rows, in f64.

import { exp } from "./exponential";
import { divideUp, grain, word } from "./memory";
import { highDoubles, joinDoubles, lanes, loadUpTo, lowDoubles, storeUpTo, sumLanes, zero } from "./simd";

/** How much more an element costs here than in a plain loop. */
const COST: usize = 8;

export function softmaxTasks(): usize {
  return divideUp(word(2), grain(word(3) * COST));
}

/** x, out, rows, cols. */
export function softmaxTask<T>(task: usize): void {
  const bytes = word(3) * sizeof<T>();
  const share = grain(word(3) * COST);
  const end = min(word(2), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const out = word(1) + row * bytes;
    const sum = exponentials<T>(word(0) + row * bytes, word(3), out);
    divide<T>(out, word(3), sum);
  }
}

/** Writes exp(x − max) and returns the sum of it. */
export function exponentials<T>(x: usize, count: usize, out: usize): f64 {
  let largest: T = <T>-Infinity;
  for (let i: usize = 0; i < count; i++) largest = max<T>(largest, load<T>(x + i * sizeof<T>()));
  const shift = f64x2.splat(<f64>largest);
  let sum = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const values = loadUpTo<T>(x + i * sizeof<T>(), left);
    let result: v128;
    if (sizeof<T>() == 8) {
      result = exp(f64x2.sub(values, shift));
      sum = f64x2.add(sum, onlyFirst(result, left));
    } else {
      const low = exp(f64x2.sub(lowDoubles(values), shift));
      const high = exp(f64x2.sub(highDoubles(values), shift));
      result = joinDoubles(low, high);
      sum = f64x2.add(sum, onlyFirst(low, left));
      if (left > 2) sum = f64x2.add(sum, onlyFirst(high, left - 2));
    }
    storeUpTo<T>(out + i * sizeof<T>(), result, left);
  }
  return sumLanes<f64>(sum);
}

/** The lanes of a pair that count. */
@inline
function onlyFirst(pair: v128, count: usize): v128 {
  return count > 1 ? pair : i64x2.replace_lane(pair, 1, 0);
}

function divide<T>(x: usize, count: usize, divisor: f64): void {
  const by = f64x2.splat(divisor);
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const values = loadUpTo<T>(x + i * sizeof<T>(), count - i);
    const result = sizeof<T>() == 8
      ? f64x2.div(values, by)
      : joinDoubles(f64x2.div(lowDoubles(values), by), f64x2.div(highDoubles(values), by));
    storeUpTo<T>(x + i * sizeof<T>(), result, count - i);
  }
}
