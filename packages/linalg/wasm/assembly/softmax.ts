// exp(x − max) / Σ over rows; the sum in f64.

import { exp, expNegative } from "./exponential";
import { divideUp, grain, word } from "./memory";
import {
  highDoubles,
  joinDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  storeUpTo,
  sumLanes,
  zero,
} from "./simd";

/** How much more an element costs here than in a plain loop. */
const COST: usize = 4;

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
  const shift = v128.splat<T>(largest<T>(x, count));
  let low = zero();
  let high = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const difference = v128.sub<T>(loadUpTo<T>(x + i * sizeof<T>(), left), shift);
    let result = sizeof<T>() == 8 ? exp(difference) : expNegative(difference);
    storeUpTo<T>(out + i * sizeof<T>(), result, left);
    // What was not stored does not count.
    if (left < lanes<T>()) result = loadUpTo<T>(out + i * sizeof<T>(), left);
    if (sizeof<T>() == 8) low = f64x2.add(low, result);
    else {
      low = f64x2.add(low, lowDoubles(result));
      high = f64x2.add(high, highDoubles(result));
    }
  }
  return sumLanes<f64>(f64x2.add(low, high));
}

/** The largest element; NaN if there is one. */
function largest<T>(x: usize, count: usize): T {
  let best = v128.splat<T>(<T> -Infinity);
  let i: usize = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    best = v128.max<T>(best, v128.load(x + i * sizeof<T>()));
  }
  let result = max<T>(v128.extract_lane<T>(best, 0), v128.extract_lane<T>(best, 1));
  if (sizeof<T>() == 4) {
    result = max<T>(result, max<T>(v128.extract_lane<T>(best, 2), v128.extract_lane<T>(best, 3)));
  }
  for (; i < count; i++) result = max<T>(result, load<T>(x + i * sizeof<T>()));
  return result;
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
