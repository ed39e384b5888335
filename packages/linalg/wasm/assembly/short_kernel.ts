// The micro-kernel for the last rows of c, of which there are fewer than six: their panel of a is as
// high as they are many.

import { microKernel, storeRow } from "./micro_kernel";
import { madd, zero } from "./simd";

/** c = alpha · a · b (+ c) for `rows` rows, 1 to 6; `lead` is the bytes from one row of c to the next. */
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
      return rowsKernel<T>(1, depth, a, b, c, lead, alpha, accumulate);
    case 2:
      return rowsKernel<T>(2, depth, a, b, c, lead, alpha, accumulate);
    case 3:
      return rowsKernel<T>(3, depth, a, b, c, lead, alpha, accumulate);
    case 4:
      return rowsKernel<T>(4, depth, a, b, c, lead, alpha, accumulate);
    case 5:
      return rowsKernel<T>(5, depth, a, b, c, lead, alpha, accumulate);
    default:
      return microKernel<T>(depth, a, b, c, lead, alpha, accumulate);
  }
}

/** Where it is inlined, `rows` is a constant and what lies beyond is left out. */
@inline
function rowsKernel<T>(
  rows: usize,
  depth: usize,
  a: usize,
  b: usize,
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
  let b0 = zero(), b1 = zero(), s = zero();
  for (; depth >= 2; depth -= 2) {
    b0 = v128.load(b);
    b += 16;
    b1 = v128.load(b);
    b += 16;
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

    b0 = v128.load(b);
    b += 16;
    b1 = v128.load(b);
    b += 16;
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
  }
  if (depth > 0) {
    b0 = v128.load(b);
    b += 16;
    b1 = v128.load(b);
    b += 16;
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
  }
  const scale = v128.splat<T>(alpha);
  storeRow<T>(c, c00, c01, scale, accumulate);
  if (rows > 1) storeRow<T>(c += lead, c10, c11, scale, accumulate);
  if (rows > 2) storeRow<T>(c += lead, c20, c21, scale, accumulate);
  if (rows > 3) storeRow<T>(c += lead, c30, c31, scale, accumulate);
  if (rows > 4) storeRow<T>(c += lead, c40, c41, scale, accumulate);
}
