// x · gain / √(mean x² + epsilon) over rows, in f64.

import { divideUp, grain, number, word } from "./memory";
import {
  highDoubles,
  joinDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  madd,
  storeUpTo,
  sumLanes,
  zero,
} from "./simd";

export function rmsNormTasks(): usize {
  return divideUp(word(3), grain(word(4)));
}

/** x, gain, out, rows, cols; epsilon is number 0. */
export function rmsNormTask<T>(task: usize): void {
  const cols = word(4);
  const bytes = cols * sizeof<T>();
  const share = grain(cols);
  const end = min(word(3), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const x = word(0) + row * bytes;
    const factor = 1 / sqrt<f64>(squares<T>(x, cols) / <f64> cols + number(0));
    normalize<T>(x, word(1), word(2) + row * bytes, cols, f64x2.splat(factor));
  }
}

function squares<T>(x: usize, count: usize): f64 {
  let low = zero();
  let high = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const values = loadUpTo<T>(x + i * sizeof<T>(), count - i);
    if (sizeof<T>() == 8) low = madd<f64>(values, values, low);
    else {
      low = madd<f64>(lowDoubles(values), lowDoubles(values), low);
      high = madd<f64>(highDoubles(values), highDoubles(values), high);
    }
  }
  return sumLanes<f64>(f64x2.add(low, high));
}

function normalize<T>(x: usize, gain: usize, out: usize, count: usize, factor: v128): void {
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const at = i * sizeof<T>();
    const values = loadUpTo<T>(x + at, count - i);
    const gains = loadUpTo<T>(gain + at, count - i);
    let result: v128;
    if (sizeof<T>() == 8) result = f64x2.mul(f64x2.mul(values, factor), gains);
    else {
      result = joinDoubles(
        f64x2.mul(f64x2.mul(lowDoubles(values), factor), lowDoubles(gains)),
        f64x2.mul(f64x2.mul(highDoubles(values), factor), highDoubles(gains)),
      );
    }
    storeUpTo<T>(out + at, result, count - i);
  }
}
