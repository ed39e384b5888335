// The dot product of each row of one matrix with that of another.

import { divideUp, grain, word } from "./memory";
import { lanes, loadUpTo, madd, sumLanes, zero } from "./simd";

@inline
function share(): usize {
  return grain(word(4));
}

export function rowDotsTasks(): usize {
  return divideUp(word(3), share());
}

/** a, b, out, rows, cols. */
export function rowDotsTask<T>(task: usize): void {
  const cols = word(4);
  const first = task * share();
  const end = min(word(3), first + share());
  let a = word(0) + first * cols * sizeof<T>();
  let b = word(1) + first * cols * sizeof<T>();
  for (let row = first; row < end; row++) {
    let sum = zero();
    let left = cols;
    for (; left >= lanes<T>(); left -= lanes<T>(), a += 16, b += 16) {
      sum = madd<T>(v128.load(a), v128.load(b), sum);
    }
    if (left > 0) sum = madd<T>(loadUpTo<T>(a, left), loadUpTo<T>(b, left), sum);
    a += left * sizeof<T>();
    b += left * sizeof<T>();
    store<T>(word(2) + row * sizeof<T>(), sumLanes<T>(sum));
  }
}
