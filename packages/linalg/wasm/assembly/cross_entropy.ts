// log Σ exp(z) − z[target] of rows of logits, and its derivative (softmax(z) − onehot(target)) · gradient;
// sums in f64. A target beyond the last column is the last one.

import { log } from "./logarithm";
import { divideUp, grain, word } from "./memory";
import { COST, exponentials, largest, multiply, sumExponentials } from "./softmax";

export function crossEntropyTasks(): usize {
  return divideUp(word(3), grain(word(4) * COST));
}

/** logits, targets, out, rows, cols. */
export function crossEntropyTask<T>(task: usize): void {
  const cols = word(4);
  const share = grain(cols * COST);
  const end = min(word(3), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const logits = word(0) + row * cols * sizeof<T>();
    const shift = largest<T>(logits, cols);
    const sum = sumExponentials<T>(logits, cols, shift);
    const target = <f64> load<T>(logits + targetAt<T>(word(1), row, cols));
    store<T>(word(2) + row * sizeof<T>(), <T> (log(sum) + (<f64> shift - target)));
  }
}

export function crossEntropyGradientTasks(): usize {
  return divideUp(word(4), grain(word(5) * COST));
}

/** logits, targets, gradient, out, rows, cols. */
export function crossEntropyGradientTask<T>(task: usize): void {
  const cols = word(5);
  const share = grain(cols * COST);
  const end = min(word(4), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const out = word(3) + row * cols * sizeof<T>();
    const sum = exponentials<T>(word(0) + row * cols * sizeof<T>(), cols, out);
    const factor = <f64> load<T>(word(2) + row * sizeof<T>()) / sum;
    const target = out + targetAt<T>(word(1), row, cols);
    // The target's softmax less 1, of which nothing is lost where that is small.
    const difference = <f64> load<T>(target) - sum;
    multiply<T>(out, cols, <T> factor);
    store<T>(target, <T> (difference * factor));
  }
}

/** The bytes from the first logit of a row to that of its target. */
@inline
function targetAt<T>(targets: usize, row: usize, cols: usize): usize {
  return min<usize>(load<u32>(targets + row * sizeof<u32>()), cols - 1) * sizeof<T>();
}
