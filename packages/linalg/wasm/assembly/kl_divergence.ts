// Σ p · (log p − log q) of rows, p and q the softmax of f times the logits of a teacher and of a student,
// and its derivative (q − p) · f · gradient; sums in f64. With a = f · (t − max t), b = f · (s − max s):
//
//   Σ p · (log p − log q) = Σ eᵃ · (a − b) / Σ eᵃ − log Σ eᵃ + log Σ eᵇ

import { log } from "./logarithm";
import { divideUp, grain, number, threadIndex, word } from "./memory";
import {
  firstLanes,
  highDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  madd,
  pairSums,
  storeUpTo,
  sumLanes,
  zero,
} from "./simd";
import { COST, exponential, exponentials, largest } from "./softmax";

export function klDivergenceTasks(): usize {
  return divideUp(word(3), grain(word(4) * COST * 2));
}

/** teacher, student, out, rows, cols; f is number 0. */
export function klDivergenceTask<T>(task: usize): void {
  const cols = word(4);
  const share = grain(cols * COST * 2);
  const end = min(word(3), (task + 1) * share);
  for (let row = task * share; row < end; row++) {
    const at = row * cols * sizeof<T>();
    store<T>(word(2) + row * sizeof<T>(), <T> diverge<T>(word(0) + at, word(1) + at, cols));
  }
}

function diverge<T>(teacher: usize, student: usize, count: usize): f64 {
  const factor = v128.splat<T>(<T> number(0));
  const shiftT = v128.splat<T>(largest<T>(teacher, count));
  const shiftS = v128.splat<T>(largest<T>(student, count));
  let sumT = zero();
  let sumS = zero();
  let products = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const a = v128.mul<T>(v128.sub<T>(loadUpTo<T>(teacher, left), shiftT), factor);
    const b = v128.mul<T>(v128.sub<T>(loadUpTo<T>(student, left), shiftS), factor);
    let p = exponential<T>(a);
    let q = exponential<T>(b);
    if (left < lanes<T>()) {
      p = v128.and(p, firstLanes<T>(left));
      q = v128.and(q, firstLanes<T>(left));
    }
    sumT = f64x2.add(sumT, pairSums<T>(p));
    sumS = f64x2.add(sumS, pairSums<T>(q));
    const difference = v128.sub<T>(a, b);
    if (sizeof<T>() == 8) products = madd<f64>(p, difference, products);
    else {
      products = madd<f64>(lowDoubles(p), lowDoubles(difference), products);
      products = madd<f64>(highDoubles(p), highDoubles(difference), products);
    }
    teacher += 16;
    student += 16;
  }
  const total = sumLanes<f64>(sumT);
  return sumLanes<f64>(products) / total - log(total) + log(sumLanes<f64>(sumS));
}

export function klDivergenceGradientTasks(): usize {
  return divideUp(word(4), grain(word(5) * COST * 2));
}

/**
 * teacher, student, gradient, out, rows, cols, room for a row of each thread, bytes of one; f is
 * number 0.
 */
export function klDivergenceGradientTask<T>(task: usize): void {
  const cols = word(5);
  const factor = number(0);
  const share = grain(cols * COST * 2);
  const end = min(word(4), (task + 1) * share);
  const room = word(6) + threadIndex() * word(7);
  for (let row = task * share; row < end; row++) {
    const at = row * cols * sizeof<T>();
    const out = word(3) + at;
    const sumP = exponentials<T>(word(0) + at, cols, room, <T> factor);
    const sumQ = exponentials<T>(word(1) + at, cols, out, <T> factor);
    const scale = factor * <f64> load<T>(word(2) + row * sizeof<T>());
    subtract<T>(out, room, cols, <T> (scale / sumQ), <T> (scale / sumP));
  }
}

/** q = factorQ · q − factorP · p. */
function subtract<T>(q: usize, p: usize, count: usize, factorQ: T, factorP: T): void {
  const ofQ = v128.splat<T>(factorQ);
  const ofP = v128.splat<T>(factorP);
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const left = count - i;
    const share = v128.mul<T>(loadUpTo<T>(p, left), ofP);
    storeUpTo<T>(q, v128.sub<T>(v128.mul<T>(loadUpTo<T>(q, left), ofQ), share), left);
    q += 16;
    p += 16;
  }
}
