// The micro-kernel for columns of b that are still as they lie: what it loads it also packs, so that
// the tiles of c below it need not. A pass that only packs waits for the memory at every line; here the
// products hide that, which is half of the time where c has few rows.

import { storeRow } from "./micro_kernel";
import { highDoubles, lowDoubles, madd, zero } from "./simd";

/** The first vector of T of a line of S, whose first vector is given. */
@inline
function first<S, T>(loaded: v128): v128 {
  return sizeof<S>() == sizeof<T>() ? loaded : lowDoubles(loaded);
}

/** The second vector. */
@inline
function second<S, T>(b: usize, loaded: v128): v128 {
  return sizeof<S>() == sizeof<T>() ? v128.load(b, 16) : highDoubles(loaded);
}

/**
 * c = alpha · a · b (+ c) for six rows of c; b is of S, f32 where all else is f64, or of T like that.
 *
 * @param b The first of two vectors of columns.
 * @param step Bytes from one row of b to the next.
 * @param panel Where b is packed to.
 * @param lead Bytes from one row of c to the next.
 */
export function packingKernel<S, T>(
  depth: usize,
  a: usize,
  b: usize,
  step: usize,
  panel: usize,
  c: usize,
  lead: usize,
  alpha: T,
  accumulate: bool,
): void {
  let c00 = zero(), c01 = zero();
  let c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero();
  let c40 = zero(), c41 = zero();
  let c50 = zero(), c51 = zero();
  let b0 = zero(), b1 = zero(), s = zero();
  for (; depth >= 2; depth -= 2) {
    b1 = v128.load(b);
    b0 = first<S, T>(b1);
    b1 = second<S, T>(b, b1);
    b += step;
    v128.store(panel, b0);
    panel += 16;
    v128.store(panel, b1);
    panel += 16;
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c10 = madd<T>(s, b0, c10);
    c11 = madd<T>(s, b1, c11);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c20 = madd<T>(s, b0, c20);
    c21 = madd<T>(s, b1, c21);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c30 = madd<T>(s, b0, c30);
    c31 = madd<T>(s, b1, c31);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c40 = madd<T>(s, b0, c40);
    c41 = madd<T>(s, b1, c41);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c50 = madd<T>(s, b0, c50);
    c51 = madd<T>(s, b1, c51);

    b1 = v128.load(b);
    b0 = first<S, T>(b1);
    b1 = second<S, T>(b, b1);
    b += step;
    v128.store(panel, b0);
    panel += 16;
    v128.store(panel, b1);
    panel += 16;
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c10 = madd<T>(s, b0, c10);
    c11 = madd<T>(s, b1, c11);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c20 = madd<T>(s, b0, c20);
    c21 = madd<T>(s, b1, c21);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c30 = madd<T>(s, b0, c30);
    c31 = madd<T>(s, b1, c31);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c40 = madd<T>(s, b0, c40);
    c41 = madd<T>(s, b1, c41);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c50 = madd<T>(s, b0, c50);
    c51 = madd<T>(s, b1, c51);
  }
  if (depth > 0) {
    b1 = v128.load(b);
    b0 = first<S, T>(b1);
    b1 = second<S, T>(b, b1);
    b += step;
    v128.store(panel, b0);
    panel += 16;
    v128.store(panel, b1);
    panel += 16;
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c10 = madd<T>(s, b0, c10);
    c11 = madd<T>(s, b1, c11);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c20 = madd<T>(s, b0, c20);
    c21 = madd<T>(s, b1, c21);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c30 = madd<T>(s, b0, c30);
    c31 = madd<T>(s, b1, c31);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c40 = madd<T>(s, b0, c40);
    c41 = madd<T>(s, b1, c41);
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c50 = madd<T>(s, b0, c50);
    c51 = madd<T>(s, b1, c51);
  }
  const scale = v128.splat<T>(alpha);
  storeRow<T>(c, c00, c01, scale, accumulate);
  storeRow<T>(c += lead, c10, c11, scale, accumulate);
  storeRow<T>(c += lead, c20, c21, scale, accumulate);
  storeRow<T>(c += lead, c30, c31, scale, accumulate);
  storeRow<T>(c += lead, c40, c41, scale, accumulate);
  storeRow<T>(c += lead, c50, c51, scale, accumulate);
}
