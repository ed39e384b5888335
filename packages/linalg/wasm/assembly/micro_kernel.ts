// The innermost product: up to 6 rows of c by two vectors of columns, held in registers, over packed
// panels. Panel a holds as many elements as there are rows for each step of the inner dimension, panel
// b two vectors.
//
// K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3),
// 2008. Twelve accumulators, two vectors of b and one element of a fill fifteen of the sixteen
// vector registers that every 64-bit processor has; engines keep one for themselves.
//
// Every load is from a pointer that moves on, without an offset: an engine that checks bounds in the
// code needs one comparison for such a load and no second address, and 12 products are hidden behind
// by some 30 instructions instead of 40. Four steps a round make up for the loop. Measured against
// products that stay in registers: 92 % of their rate, with offsets and no unrolling 73 %.

import { highDoubles, lowDoubles, madd, zero } from "./simd";

/** Rows of c that one call computes, if there are as many. */
export const TILE_ROWS: usize = 6;

/** Columns of c that one call computes. */
@inline
export function tileCols<T>(): usize {
  return 32 / sizeof<T>();
}

/** c = alpha · a · b (+ c) for six rows; `lead` is the bytes from one row of c to the next. */
export function microKernel<T>(
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  lead: usize,
  alpha: T,
  accumulate: bool,
): void {
  tile<T, T>(6, false, depth, a, b, 0, 0, c, lead, alpha, accumulate);
}

/** The same for `rows` rows, 1 to 6. */
export function shortKernel<T>(
  rows: usize,
  depth: usize,
  a: usize,
  b: usize,
  c: usize,
  lead: usize,
  alpha: T,
  accumulate: bool,
): void {
  switch (<i32> rows) {
    case 1:
      return tile<T, T>(1, false, depth, a, b, 0, 0, c, lead, alpha, accumulate);
    case 2:
      return tile<T, T>(2, false, depth, a, b, 0, 0, c, lead, alpha, accumulate);
    case 3:
      return tile<T, T>(3, false, depth, a, b, 0, 0, c, lead, alpha, accumulate);
    case 4:
      return tile<T, T>(4, false, depth, a, b, 0, 0, c, lead, alpha, accumulate);
    case 5:
      return tile<T, T>(5, false, depth, a, b, 0, 0, c, lead, alpha, accumulate);
    default:
      return microKernel<T>(depth, a, b, c, lead, alpha, accumulate);
  }
}

/**
 * The same for six rows and columns of b that are still as they lie, in elements S: what is loaded is
 * also packed, so that the tiles of c below need not. A pass that only packs waits for the memory at
 * every line; here the products hide that, which is half of the time where c has few rows.
 *
 * @param b The first of two vectors of columns.
 * @param step Bytes from one row of b to the next.
 * @param panel Where b is packed to, in elements T.
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
  tile<S, T>(6, true, depth, a, b, step, panel, c, lead, alpha, accumulate);
}

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

/** All of them: where it is inlined, `rows` and `isPacking` are constants, and the rest is left out. */
@inline
function tile<S, T>(
  rows: usize,
  isPacking: bool,
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
  for (; depth >= 4; depth -= 4) {
    if (isPacking) {
      b1 = v128.load(b);
      b0 = first<S, T>(b1);
      b1 = second<S, T>(b, b1);
      b += step;
      v128.store(panel, b0);
      panel += 16;
      v128.store(panel, b1);
      panel += 16;
    } else {
      b0 = v128.load(b);
      b += 16;
      b1 = v128.load(b);
      b += 16;
    }
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    if (rows > 1) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c10 = madd<T>(s, b0, c10);
      c11 = madd<T>(s, b1, c11);
    }
    if (rows > 2) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c20 = madd<T>(s, b0, c20);
      c21 = madd<T>(s, b1, c21);
    }
    if (rows > 3) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c30 = madd<T>(s, b0, c30);
      c31 = madd<T>(s, b1, c31);
    }
    if (rows > 4) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c40 = madd<T>(s, b0, c40);
      c41 = madd<T>(s, b1, c41);
    }
    if (rows > 5) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c50 = madd<T>(s, b0, c50);
      c51 = madd<T>(s, b1, c51);
    }

    if (isPacking) {
      b1 = v128.load(b);
      b0 = first<S, T>(b1);
      b1 = second<S, T>(b, b1);
      b += step;
      v128.store(panel, b0);
      panel += 16;
      v128.store(panel, b1);
      panel += 16;
    } else {
      b0 = v128.load(b);
      b += 16;
      b1 = v128.load(b);
      b += 16;
    }
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    if (rows > 1) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c10 = madd<T>(s, b0, c10);
      c11 = madd<T>(s, b1, c11);
    }
    if (rows > 2) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c20 = madd<T>(s, b0, c20);
      c21 = madd<T>(s, b1, c21);
    }
    if (rows > 3) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c30 = madd<T>(s, b0, c30);
      c31 = madd<T>(s, b1, c31);
    }
    if (rows > 4) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c40 = madd<T>(s, b0, c40);
      c41 = madd<T>(s, b1, c41);
    }
    if (rows > 5) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c50 = madd<T>(s, b0, c50);
      c51 = madd<T>(s, b1, c51);
    }

    if (isPacking) {
      b1 = v128.load(b);
      b0 = first<S, T>(b1);
      b1 = second<S, T>(b, b1);
      b += step;
      v128.store(panel, b0);
      panel += 16;
      v128.store(panel, b1);
      panel += 16;
    } else {
      b0 = v128.load(b);
      b += 16;
      b1 = v128.load(b);
      b += 16;
    }
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    if (rows > 1) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c10 = madd<T>(s, b0, c10);
      c11 = madd<T>(s, b1, c11);
    }
    if (rows > 2) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c20 = madd<T>(s, b0, c20);
      c21 = madd<T>(s, b1, c21);
    }
    if (rows > 3) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c30 = madd<T>(s, b0, c30);
      c31 = madd<T>(s, b1, c31);
    }
    if (rows > 4) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c40 = madd<T>(s, b0, c40);
      c41 = madd<T>(s, b1, c41);
    }
    if (rows > 5) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c50 = madd<T>(s, b0, c50);
      c51 = madd<T>(s, b1, c51);
    }

    if (isPacking) {
      b1 = v128.load(b);
      b0 = first<S, T>(b1);
      b1 = second<S, T>(b, b1);
      b += step;
      v128.store(panel, b0);
      panel += 16;
      v128.store(panel, b1);
      panel += 16;
    } else {
      b0 = v128.load(b);
      b += 16;
      b1 = v128.load(b);
      b += 16;
    }
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    if (rows > 1) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c10 = madd<T>(s, b0, c10);
      c11 = madd<T>(s, b1, c11);
    }
    if (rows > 2) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c20 = madd<T>(s, b0, c20);
      c21 = madd<T>(s, b1, c21);
    }
    if (rows > 3) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c30 = madd<T>(s, b0, c30);
      c31 = madd<T>(s, b1, c31);
    }
    if (rows > 4) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c40 = madd<T>(s, b0, c40);
      c41 = madd<T>(s, b1, c41);
    }
    if (rows > 5) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c50 = madd<T>(s, b0, c50);
      c51 = madd<T>(s, b1, c51);
    }
  }
  for (; depth > 0; depth--) {
    if (isPacking) {
      b1 = v128.load(b);
      b0 = first<S, T>(b1);
      b1 = second<S, T>(b, b1);
      b += step;
      v128.store(panel, b0);
      panel += 16;
      v128.store(panel, b1);
      panel += 16;
    } else {
      b0 = v128.load(b);
      b += 16;
      b1 = v128.load(b);
      b += 16;
    }
    s = v128.load_splat<T>(a);
    a += sizeof<T>();
    c00 = madd<T>(s, b0, c00);
    c01 = madd<T>(s, b1, c01);
    if (rows > 1) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c10 = madd<T>(s, b0, c10);
      c11 = madd<T>(s, b1, c11);
    }
    if (rows > 2) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c20 = madd<T>(s, b0, c20);
      c21 = madd<T>(s, b1, c21);
    }
    if (rows > 3) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c30 = madd<T>(s, b0, c30);
      c31 = madd<T>(s, b1, c31);
    }
    if (rows > 4) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c40 = madd<T>(s, b0, c40);
      c41 = madd<T>(s, b1, c41);
    }
    if (rows > 5) {
      s = v128.load_splat<T>(a);
      a += sizeof<T>();
      c50 = madd<T>(s, b0, c50);
      c51 = madd<T>(s, b1, c51);
    }
  }
  const scale = v128.splat<T>(alpha);
  storeRow<T>(c, c00, c01, scale, accumulate);
  if (rows > 1) storeRow<T>(c += lead, c10, c11, scale, accumulate);
  if (rows > 2) storeRow<T>(c += lead, c20, c21, scale, accumulate);
  if (rows > 3) storeRow<T>(c += lead, c30, c31, scale, accumulate);
  if (rows > 4) storeRow<T>(c += lead, c40, c41, scale, accumulate);
  if (rows > 5) storeRow<T>(c += lead, c50, c51, scale, accumulate);
}

@inline
function storeRow<T>(c: usize, low: v128, high: v128, alpha: v128, accumulate: bool): void {
  if (accumulate) {
    v128.store(c, madd<T>(low, alpha, v128.load(c)));
    v128.store(c, madd<T>(high, alpha, v128.load(c, 16)), 16);
  } else {
    v128.store(c, v128.mul<T>(low, alpha));
    v128.store(c, v128.mul<T>(high, alpha), 16);
  }
}
