// Causal attention with grouped heads, one query and head at a time: scores, their softmax, the
// weighted sum of the values. Scores are kept in memory of the operation's own.

import { divideUp, grain, number, threadIndex, word } from "./memory";
import { lanes, loadUpTo, madd, storeUpTo, zero } from "./simd";
import { exponentials } from "./softmax";
import { DOT_ROWS, dotRows } from "./thin_dot";

@inline
function units(): usize {
  return word(5) * word(9) * word(6);
}

/** Queries, each of one head, in one task. */
@inline
function share(): usize {
  return grain(word(12) * word(11));
}

export function attentionTasks(): usize {
  return divideUp(units(), share());
}

/**
 * q, k, v, out, scores, batch, queries, keys, keyRows, heads, kvHeads, headSize, window, bytes of
 * the scores of one thread; the scale is number 0.
 */
export function attentionTask<T>(task: usize): void {
  const end = min(units(), (task + 1) * share());
  for (let unit = task * share(); unit < end; unit++) attend<T>(unit);
}

/** One query of one head; queries of the same keys are neighbours. */
function attend<T>(unit: usize): void {
  const queries = word(6);
  const keys = word(7);
  const heads = word(9);
  const kvHeads = word(10);
  const headSize = word(11);
  const size = sizeof<T>();
  const query = unit % queries;
  const head = unit / queries % heads;
  const batch = unit / queries / heads;
  const last = keys - queries + query;
  const first = last + 1 > word(12) ? last + 1 - word(12) : 0;
  const row = ((batch * queries + query) * heads + head) * headSize * size;
  const kvHead = head * kvHeads / heads;
  const column = ((batch * word(8) + first) * kvHeads + kvHead) * headSize * size;
  const lead = kvHeads * headSize * size;
  const count = last + 1 - first;
  const scores = word(4) + threadIndex() * word(13);
  for (let key: usize = 0; key < count; key += DOT_ROWS) {
    const k = word(1) + column + key * lead;
    dotRows<T>(word(0) + row, k, lead, min(DOT_ROWS, count - key), headSize, scores + key * size);
  }
  const scale = v128.splat<T>(<T> number(0));
  for (let at: usize = 0; at < count * size; at += 16) {
    v128.store(scores + at, v128.mul<T>(v128.load(scores + at), scale));
  }
  const total = exponentials<T>(scores, count, scores);
  sumValues<T>(scores, count, word(2) + column, lead, word(3) + row, headSize, <T> (1 / total));
}

/** out = factor · Σ weight · value, a few vectors of the head at a time. */
function sumValues<T>(
  weights: usize,
  count: usize,
  values: usize,
  lead: usize,
  out: usize,
  length: usize,
  factor: T,
): void {
  const scale = v128.splat<T>(factor);
  let i: usize = 0;
  for (; i + 4 * lanes<T>() <= length; i += 4 * lanes<T>()) {
    let a = zero(), b = zero(), c = zero(), d = zero();
    let value = values + i * sizeof<T>();
    for (let key: usize = 0; key < count; key++, value += lead) {
      const weight = v128.load_splat<T>(weights + key * sizeof<T>());
      a = madd<T>(weight, v128.load(value), a);
      b = madd<T>(weight, v128.load(value, 16), b);
      c = madd<T>(weight, v128.load(value, 32), c);
      d = madd<T>(weight, v128.load(value, 48), d);
    }
    const target = out + i * sizeof<T>();
    v128.store(target, v128.mul<T>(a, scale));
    v128.store(target, v128.mul<T>(b, scale), 16);
    v128.store(target, v128.mul<T>(c, scale), 32);
    v128.store(target, v128.mul<T>(d, scale), 48);
  }
  for (; i < length; i += lanes<T>()) {
    let sum = zero();
    let value = values + i * sizeof<T>();
    for (let key: usize = 0; key < count; key++, value += lead) {
      const weight = v128.load_splat<T>(weights + key * sizeof<T>());
      sum = madd<T>(weight, loadUpTo<T>(value, length - i), sum);
    }
    storeUpTo<T>(out + i * sizeof<T>(), v128.mul<T>(sum, scale), length - i);
  }
}
