// Sums and dot products of a few rows of a panel, read four at a time.

import { spare } from "./panels";
import {
  highDoubles,
  lanes,
  loadUpTo,
  lowDoubles,
  madd,
  storeUpTo,
  sumLanes,
  zero,
} from "./simd";

/** x += Σ_k a_k row_k, y += Σ_k b_k row_k of `count` rows, `lead` bytes apart. */
export function addTwo<T>(
  x: usize,
  y: usize,
  rows: usize,
  a: usize,
  b: usize,
  lead: usize,
  count: usize,
  length: usize,
): void {
  const whole = length - length % lanes<T>();
  let k: usize = 0;
  for (; k + 4 <= count; k += 4) {
    const ak = a + k * sizeof<T>();
    const bk = b + k * sizeof<T>();
    const a0 = v128.load_splat<T>(ak);
    const a1 = v128.load_splat<T>(ak, sizeof<T>());
    const a2 = v128.load_splat<T>(ak, 2 * sizeof<T>());
    const a3 = v128.load_splat<T>(ak, 3 * sizeof<T>());
    const b0 = v128.load_splat<T>(bk);
    const b1 = v128.load_splat<T>(bk, sizeof<T>());
    const b2 = v128.load_splat<T>(bk, 2 * sizeof<T>());
    const b3 = v128.load_splat<T>(bk, 3 * sizeof<T>());
    const row0 = rows + k * lead;
    const row1 = row0 + lead;
    const row2 = row1 + lead;
    const row3 = row2 + lead;
    for (let p: usize = 0; p < whole * sizeof<T>(); p += 16) {
      const r0 = v128.load(row0 + p);
      const r1 = v128.load(row1 + p);
      const r2 = v128.load(row2 + p);
      const r3 = v128.load(row3 + p);
      let u = madd<T>(a0, r0, v128.load(x + p));
      let v = madd<T>(b0, r0, v128.load(y + p));
      u = madd<T>(a1, r1, u);
      v = madd<T>(b1, r1, v);
      u = madd<T>(a2, r2, u);
      v = madd<T>(b2, r2, v);
      v128.store(x + p, madd<T>(a3, r3, u));
      v128.store(y + p, madd<T>(b3, r3, v));
    }
    for (let j = whole; j < length; j++) {
      for (let l: usize = 0; l < 4; l++) addOne<T>(x, y, row0 + l * lead, ak, bk, l, j);
    }
  }
  for (; k < count; k++) {
    const a0 = v128.load_splat<T>(a + k * sizeof<T>());
    const b0 = v128.load_splat<T>(b + k * sizeof<T>());
    const row = rows + k * lead;
    for (let p: usize = 0; p < whole * sizeof<T>(); p += 16) {
      const r0 = v128.load(row + p);
      v128.store(x + p, madd<T>(a0, r0, v128.load(x + p)));
      v128.store(y + p, madd<T>(b0, r0, v128.load(y + p)));
    }
    for (let j = whole; j < length; j++) addOne<T>(x, y, row, a, b, k, j);
  }
}

/** Element j of both sums. */
@inline
function addOne<T>(
  x: usize,
  y: usize,
  row: usize,
  a: usize,
  b: usize,
  k: usize,
  j: usize,
): void {
  const value = load<T>(row + j * sizeof<T>());
  const own = x + j * sizeof<T>();
  const other = y + j * sizeof<T>();
  store<T>(own, <T> (load<T>(own) + load<T>(a + k * sizeof<T>()) * value));
  store<T>(other, <T> (load<T>(other) + load<T>(b + k * sizeof<T>()) * value));
}

/** Dot products of x with `count` rows. */
export function dotAll<T>(
  x: usize,
  rows: usize,
  lead: usize,
  count: usize,
  length: usize,
  sums: usize,
): void {
  const four = spare();
  for (let k: usize = 0; k < count; k += 4) {
    const here = min<usize>(4, count - k);
    dotFour<T>(x, rows + k * lead, lead, here, length, four);
    memory.copy(sums + k * sizeof<T>(), four, here * sizeof<T>());
  }
}

/** Dot products of x with up to four rows; those that are not there are the first one's. */
export function dotFour<T>(
  x: usize,
  rows: usize,
  rowBytes: usize,
  count: usize,
  length: usize,
  sums: usize,
): void {
  const b1 = count > 1 ? rows + rowBytes : rows;
  const b2 = count > 2 ? b1 + rowBytes : rows;
  const b3 = count > 3 ? b2 + rowBytes : rows;
  let s0 = zero(), s1 = zero(), s2 = zero(), s3 = zero();
  let t0 = zero(), t1 = zero(), t2 = zero(), t3 = zero();
  const pair = 2 * lanes<T>();
  let j: usize = 0;
  let at: usize = 0;
  for (; j + pair <= length; j += pair, at += 32) {
    const x0 = v128.load(x + at);
    const x1 = v128.load(x + at, 16);
    s0 = madd<T>(x0, v128.load(rows + at), s0);
    t0 = madd<T>(x1, v128.load(rows + at, 16), t0);
    s1 = madd<T>(x0, v128.load(b1 + at), s1);
    t1 = madd<T>(x1, v128.load(b1 + at, 16), t1);
    s2 = madd<T>(x0, v128.load(b2 + at), s2);
    t2 = madd<T>(x1, v128.load(b2 + at, 16), t2);
    s3 = madd<T>(x0, v128.load(b3 + at), s3);
    t3 = madd<T>(x1, v128.load(b3 + at, 16), t3);
  }
  for (; j < length; j += lanes<T>(), at += 16) {
    const left = length - j;
    const x0 = loadUpTo<T>(x + at, left);
    s0 = madd<T>(x0, loadUpTo<T>(rows + at, left), s0);
    s1 = madd<T>(x0, loadUpTo<T>(b1 + at, left), s1);
    s2 = madd<T>(x0, loadUpTo<T>(b2 + at, left), s2);
    s3 = madd<T>(x0, loadUpTo<T>(b3 + at, left), s3);
  }
  store<T>(sums, sumLanes<T>(v128.add<T>(s0, t0)));
  store<T>(sums, sumLanes<T>(v128.add<T>(s1, t1)), sizeof<T>());
  store<T>(sums, sumLanes<T>(v128.add<T>(s2, t2)), 2 * sizeof<T>());
  store<T>(sums, sumLanes<T>(v128.add<T>(s3, t3)), 3 * sizeof<T>());
}

/** target += Σ a_k row_k of four rows; those beyond `count` have a_k = 0, and are the first one. */
export function addFour<T>(
  target: usize,
  a: usize,
  rows: usize,
  rowBytes: usize,
  count: usize,
  length: usize,
): void {
  const a0 = v128.load_splat<T>(a);
  const a1 = v128.load_splat<T>(a, sizeof<T>());
  const a2 = v128.load_splat<T>(a, 2 * sizeof<T>());
  const a3 = v128.load_splat<T>(a, 3 * sizeof<T>());
  const b1 = count > 1 ? rows + rowBytes : rows;
  const b2 = count > 2 ? b1 + rowBytes : rows;
  const b3 = count > 3 ? b2 + rowBytes : rows;
  const pair = 2 * lanes<T>();
  let j: usize = 0;
  let at: usize = 0;
  for (; j + pair <= length; j += pair, at += 32) {
    let u = madd<T>(a0, v128.load(rows + at), v128.load(target + at));
    let v = madd<T>(a0, v128.load(rows + at, 16), v128.load(target + at, 16));
    u = madd<T>(a1, v128.load(b1 + at), u);
    v = madd<T>(a1, v128.load(b1 + at, 16), v);
    u = madd<T>(a2, v128.load(b2 + at), u);
    v = madd<T>(a2, v128.load(b2 + at, 16), v);
    v128.store(target + at, madd<T>(a3, v128.load(b3 + at), u));
    v128.store(target + at, madd<T>(a3, v128.load(b3 + at, 16), v), 16);
  }
  for (; j < length; j += lanes<T>(), at += 16) {
    const left = length - j;
    let u = madd<T>(a0, loadUpTo<T>(rows + at, left), loadUpTo<T>(target + at, left));
    u = madd<T>(a1, loadUpTo<T>(b1 + at, left), u);
    u = madd<T>(a2, loadUpTo<T>(b2 + at, left), u);
    storeUpTo<T>(target + at, madd<T>(a3, loadUpTo<T>(b3 + at, left), u), left);
  }
}

/** Σ (factor x_i)², in f64. */
export function sumOfSquares<T>(x: usize, count: usize, factor: f64): f64 {
  const scale = f64x2.splat(factor);
  let low = zero();
  let high = zero();
  for (let i: usize = 0; i < count; i += lanes<T>()) {
    const values = loadUpTo<T>(x + i * sizeof<T>(), count - i);
    if (sizeof<T>() == 8) {
      const own = f64x2.mul(values, scale);
      if (i & 2) high = madd<f64>(own, own, high);
      else low = madd<f64>(own, own, low);
    } else {
      const own = f64x2.mul(lowDoubles(values), scale);
      const other = f64x2.mul(highDoubles(values), scale);
      low = madd<f64>(own, own, low);
      high = madd<f64>(other, other, high);
    }
  }
  return sumLanes<f64>(f64x2.add(low, high));
}
