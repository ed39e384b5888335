// A panel of a QR factorization with column pivoting. x is the transposed matrix: a row is a column.
//
//   p = argmax norms    v, τ, β = reflect(x_p - F_p V)    z = V v
//   f_j = τ (x_j · v - F_j · z)    r_j = x_j[i] - F_j · V[:, i]    norms downdated by r_j
//
// In f64: what is kept of norms. The references stand in ../../factorization/qr_pivoted.ts.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { extendTriangle, multiplyRows, reflect, squaresOf, subtractRows } from "./reflector";
import { DOT_ROWS, dotRows } from "./thin_dot";

// Words: x, order, v, t, f, count, columns n, rows m, how many are done, width, state, i.

/** u32: not zero once a norm has lost half of its digits. */
@inline
function lost(): usize {
  return word(10);
}

/** f64: the factor of the last reflector. */
@inline
function lastTau(): usize {
  return word(10) + 8;
}

/** T: the products of the last vector with those before it, 32 rounded up to a multiple of five. */
@inline
function products(): usize {
  return word(10) + 64;
}

/** f64: the norm of column j of those that are left when the panel begins. */
@inline
function norm(j: usize): usize {
  return word(10) + 384 + j * 8;
}

/** f64: what that norm was when it was measured. */
@inline
function measured(j: usize): usize {
  return norm(word(6) - word(8) + j);
}

/** Column j of those that are left, from its first element that is not done. */
@inline
function column<T>(j: usize): usize {
  return word(0) + ((word(8) + j) * word(7) + word(8)) * sizeof<T>();
}

export function measureColumnsTasks(): usize {
  return divideUp(word(6) - word(8), grain(word(7)));
}

export function measureColumnsTask<T>(task: usize): void {
  if (task == 0) {
    store<u32>(lost(), 0);
    memory.fill(word(3), 0, word(9) * word(9) * sizeof<T>());
  }
  const share = grain(word(7));
  const end = min(word(6) - word(8), (task + 1) * share);
  for (let j = task * share; j < end; j++) {
    const value = sqrt(squaresOf<T>(column<T>(j), word(7) - word(8)));
    store<f64>(norm(j), value);
    store<f64>(measured(j), value);
  }
}

export function pivotColumnTask<T>(): void {
  if (load<u32>(lost())) return;
  const i = word(11);
  const width = word(9);
  const size = sizeof<T>();
  const length = word(7) - word(8);
  choose<T>(i);
  const own = column<T>(i);
  const v = word(2);
  const vector = v + i * length * size;
  memory.copy(vector, own, length * size);
  subtractRows<T>(vector, v, length * size, i, length, word(4) + i * width * size);
  memory.fill(vector, 0, i * size);
  const tau = reflect<T>(vector + i * size, length - i, own + i * size);
  memory.fill(own + (i + 1) * size, 0, (length - i - 1) * size);
  store<f64>(lastTau(), tau);
  multiplyRows<T>(vector, v, length * size, i, length, products());
  extendTriangle<T>(word(3), width, i, tau, products());
  store<u32>(word(5), <u32> i + 1);
}

/** Swaps the longest column, of equally long ones that which stood first, to place i. */
function choose<T>(i: usize): void {
  const order = word(1) + word(8) * 4;
  let pivot = i;
  for (let j = i + 1; j < word(6) - word(8); j++) {
    const value = load<f64>(norm(j));
    const longest = load<f64>(norm(pivot));
    if (
      value > longest ||
      (value == longest && load<u32>(order + j * 4) < load<u32>(order + pivot * 4))
    ) pivot = j;
  }
  if (pivot == i) return;
  const bytes = word(7) * sizeof<T>();
  const row = word(0) + word(8) * bytes;
  swap(row + i * bytes, row + pivot * bytes, bytes);
  const bytesF = word(9) * sizeof<T>();
  swap(word(4) + i * bytesF, word(4) + pivot * bytesF, bytesF);
  swap(norm(i), norm(pivot), 8);
  swap(measured(i), measured(pivot), 8);
  swap(order + i * 4, order + pivot * 4, 4);
}

function swap(a: usize, b: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 4) {
    const kept = load<u32>(a + at);
    store<u32>(a + at, load<u32>(b + at));
    store<u32>(b + at, kept);
  }
}

/** Columns in a task, a multiple of those that are read together. */
@inline
function share(): usize {
  return divideUp(grain(word(7)), DOT_ROWS) * DOT_ROWS;
}

export function pivotRestTasks(): usize {
  return divideUp(word(6) - word(8) - word(11), share());
}

export function pivotRestTask<T>(task: usize): void {
  // The column that was chosen last is one of them; nothing is asked of it any more.
  const i = word(11);
  if (load<u32>(word(5)) != i + 1) return;
  const size = sizeof<T>();
  const count = word(6) - word(8);
  const length = word(7) - word(8);
  const end = min(count, i + (task + 1) * share());
  const lead = word(7) * size;
  const vector = word(2) + (i * length + i) * size;
  for (let j = max(i + 1, i + task * share()); j < end; j += DOT_ROWS) {
    const some = min(DOT_ROWS, end - j);
    dotRows<T>(vector, column<T>(j) + i * size, lead, some, length - i, spare());
    for (let c: usize = 0; c < some; c++) finish<T>(i, j + c, load<T>(spare() + c * size));
  }
}

/** Given x_j · v, finds element i of F_j and of column j of R, and what is left of its norm. */
function finish<T>(i: usize, j: usize, product: T): void {
  const size = sizeof<T>();
  const f = word(4) + j * word(9) * size;
  const lead = (word(7) - word(8)) * size;
  const target = column<T>(j) + i * size;
  let sum = <f64> product;
  let element = <f64> load<T>(target);
  let v = word(2) + i * size;
  for (let k: usize = 0; k < i; k++, v += lead) {
    const factor = <f64> load<T>(f + k * size);
    sum -= factor * <f64> load<T>(products() + k * size);
    element -= factor * <f64> load<T>(v);
  }
  const last = <T> (load<f64>(lastTau()) * sum);
  store<T>(f + i * size, last);
  element -= <f64> last;
  store<T>(target, <T> element);
  downdate<T>(j, <f64> <T> element);
}

/** Takes one element out of the norm of a column. */
function downdate<T>(j: usize, element: f64): void {
  const before = load<f64>(norm(j));
  if (before == 0) return;
  const part = abs(element) / before;
  const rest = max<f64>(0, (1 + part) * (1 - part));
  const ratio = before / load<f64>(measured(j));
  // The square root of the unit of rounding.
  const digits: f64 = sizeof<T>() == 8 ? 1.0536712127723509e-8 : 2.44140625e-4;
  // Whoever comes here first or last: it is the same number that is written.
  if (!(rest * ratio * ratio > digits)) store<u32>(lost(), 1);
  store<f64>(norm(j), before * sqrt(rest));
}
