// A softmax that is shown its scores part by part.
//
// M. Milakov and N. Gimelshein, "Online normalizer calculation for softmax", 2018,
// arXiv:1805.02867, algorithm 3: m is the largest score so far, l the sum of weights and o the
// weighted sum, both in units of exp m; where m grows they are multiplied with exp(m_before − m).

import { weight } from "./score_tiles";
import { madd, zero } from "./simd";

/** The lowest finite number, so that no difference of two scores that do not count is NaN. */
@inline
function lowest<T>(): T {
  return sizeof<T>() == 8 ? <T> -f64.MAX_VALUE : <T> -f32.MAX_VALUE;
}

/**
 * Turns scores into weights exp(s − m), with m, l and o brought up to date, or m and l begun.
 *
 * @param scores A panel with a row for each key; lanes are queries.
 * @param state m and behind it l, a line each.
 * @param o A panel of `depth` rows.
 */
export function weigh<T>(
  scores: usize,
  count: usize,
  state: usize,
  o: usize,
  depth: usize,
  isFirst: bool,
): void {
  const none = v128.splat<T>(lowest<T>());
  const low = isFirst ? none : v128.load(state);
  const high = isFirst ? none : v128.load(state, 16);
  let m0 = low;
  let m1 = high;
  let at = scores;
  for (let key: usize = 0; key < count; key++) {
    // A NaN is passed over here, and comes into the sum.
    m0 = v128.pmax<T>(m0, v128.load(at));
    at += 16;
    m1 = v128.pmax<T>(m1, v128.load(at));
    at += 16;
  }
  at = scores;
  let l0 = zero();
  let l1 = zero();
  for (let key: usize = 0; key < count; key++) {
    const w0 = weight<T>(v128.sub<T>(v128.load(at), m0));
    v128.store(at, w0);
    l0 = v128.add<T>(l0, w0);
    at += 16;
    const w1 = weight<T>(v128.sub<T>(v128.load(at), m1));
    v128.store(at, w1);
    l1 = v128.add<T>(l1, w1);
    at += 16;
  }
  if (!isFirst) {
    const keep0 = weight<T>(v128.sub<T>(low, m0));
    const keep1 = weight<T>(v128.sub<T>(high, m1));
    l0 = madd<T>(keep0, v128.load(state, 32), l0);
    l1 = madd<T>(keep1, v128.load(state, 48), l1);
    scaleLanes<T>(o, depth, keep0, keep1);
  }
  v128.store(state, m0);
  v128.store(state, m1, 16);
  v128.store(state, l0, 32);
  v128.store(state, l1, 48);
}

/** Multiplies each lane of a panel with a number of its own. */
export function scaleLanes<T>(panel: usize, depth: usize, factor0: v128, factor1: v128): void {
  for (; depth > 0; depth--) {
    v128.store(panel, v128.mul<T>(v128.load(panel), factor0));
    panel += 16;
    v128.store(panel, v128.mul<T>(v128.load(panel), factor1));
    panel += 16;
  }
}
