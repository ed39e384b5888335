// Sums over rows in two stages: tasks add up a fixed share of the rows each, then their parts are added
// in order. Parts are in f64.

import { divideUp, word } from "./memory";
import { highDoubles, joinDoubles, lanes, loadUpTo, lowDoubles, storeUpTo, zero } from "./simd";

/** Columns of one task. */
const STRIP: usize = 256;

/** Adds up to a vector of elements to a part. */
@inline
export function addToPart<T>(part: usize, values: v128, count: usize): void {
  const low = sizeof<T>() == 8 ? values : lowDoubles(values);
  addPair(part, low, count);
  if (sizeof<T>() == 4 && count > 2) addPair(part + 16, highDoubles(values), count - 2);
}

@inline
function addPair(part: usize, values: v128, count: usize): void {
  storeUpTo<f64>(part, f64x2.add(loadUpTo<f64>(part, count), values), count);
}

export function sumPartsTasks(): usize {
  return divideUp(word(4), STRIP);
}

/** parts, how many, bytes from one to the next, out, cols. */
export function sumPartsTask<T>(task: usize): void {
  const first = task * STRIP;
  const count = min(STRIP, word(4) - first);
  let part = word(0) + first * sizeof<f64>();
  let out = word(3) + first * sizeof<T>();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const low = sumPair(part, left);
    if (sizeof<T>() == 8) storeUpTo<T>(out, low, left);
    else {
      const high = left > 2 ? sumPair(part + 16, left - 2) : zero();
      storeUpTo<T>(out, joinDoubles(low, high), left);
    }
    part += lanes<T>() * sizeof<f64>();
    out += 16;
  }
}

function sumPair(part: usize, count: usize): v128 {
  let sum = zero();
  for (let i: usize = 0; i < word(1); i++) {
    sum = f64x2.add(sum, loadUpTo<f64>(part, count));
    part += word(2);
  }
  return sum;
}
