// The derivative of y = gain · h, h = x · r, r = 1 / √(mean x² + epsilon), of each row: with u = dy · gain
//
//   dx = r · (u − h · mean(u · h))        dgain = Σ dy · h over the rows
//
// Sums are in f64; those of dgain are first over the rows of a task, a part each, then over the parts
// (sum_parts.ts), so that no order depends on the threads.

import { divideUp, number, word } from "./memory";
import { highDoubles, lanes, loadUpTo, lowDoubles, madd, storeUpTo, sumLanes, zero } from "./simd";
import { addToPart } from "./sum_parts";

export function rmsNormGradientTasks(): usize {
  return divideUp(word(5), word(7));
}

/** x, gain, gradient, gradientX, parts of dgain, rows, cols, rows of a task; epsilon is number 0. */
export function rmsNormGradientTask<T>(task: usize): void {
  const cols = word(6);
  const bytes = cols * sizeof<T>();
  const end = min(word(5), (task + 1) * word(7));
  const part = word(4) + task * cols * sizeof<f64>();
  memory.fill(part, 0, cols * sizeof<f64>());
  for (let row = task * word(7); row < end; row++) {
    const at = row * bytes;
    const x = word(0) + at;
    const gradient = word(2) + at;
    const sums = measure<T>(x, word(1), gradient, cols);
    const r = 1 / sqrt<f64>(f64x2.extract_lane(sums, 0) / <f64> cols + number(0));
    const mean = f64x2.extract_lane(sums, 1) / <f64> cols * r;
    differentiate<T>(x, word(1), gradient, word(3) + at, part, cols, <T> r, <T> mean);
  }
}

/** Σ x² and Σ u · x. */
function measure<T>(x: usize, gain: usize, gradient: usize, count: usize): v128 {
  let squares = zero();
  let products = zero();
  let squaresHigh = zero();
  let productsHigh = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const values = loadUpTo<T>(x, left);
    const u = v128.mul<T>(loadUpTo<T>(gradient, left), loadUpTo<T>(gain, left));
    if (sizeof<T>() == 8) {
      squares = madd<f64>(values, values, squares);
      products = madd<f64>(u, values, products);
    } else {
      const low = lowDoubles(values);
      const high = highDoubles(values);
      squares = madd<f64>(low, low, squares);
      squaresHigh = madd<f64>(high, high, squaresHigh);
      products = madd<f64>(lowDoubles(u), low, products);
      productsHigh = madd<f64>(highDoubles(u), high, productsHigh);
    }
    x += 16;
    gain += 16;
    gradient += 16;
  }
  const square = sumLanes<f64>(f64x2.add(squares, squaresHigh));
  const product = sumLanes<f64>(f64x2.add(products, productsHigh));
  return f64x2.replace_lane(f64x2.splat(square), 1, product);
}

/** Writes dx, and adds dy · h to the part. */
function differentiate<T>(
  x: usize,
  gain: usize,
  gradient: usize,
  out: usize,
  part: usize,
  count: usize,
  r: T,
  mean: T,
): void {
  const factor = v128.splat<T>(r);
  const share = v128.splat<T>(-mean);
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const dy = loadUpTo<T>(gradient, left);
    const h = v128.mul<T>(loadUpTo<T>(x, left), factor);
    const u = v128.mul<T>(dy, loadUpTo<T>(gain, left));
    storeUpTo<T>(out, v128.mul<T>(madd<T>(h, share, u), factor), left);
    addToPart<T>(part, v128.mul<T>(dy, h), left);
    x += 16;
    gain += 16;
    gradient += 16;
    out += 16;
    part += lanes<T>() * sizeof<f64>();
  }
}
