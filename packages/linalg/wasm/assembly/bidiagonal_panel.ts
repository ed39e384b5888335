// The panel of a reduction to bidiagonal form; names and formulas are those of
// `reference/bidiagonal_panel.ts`, but every step reads the trailing matrix A once.
//
// G. Howell, J. Demmel, C. Fulton, S. Hammarling and K. Marmol, "Cache Efficient Bidiagonalization
// Using BLAS 2.5 Operators", ACM TOMS 34(3), 2008: a row of A that is met for x = A w is met again,
// while still in the cache, for Aᵀ v of the next step. As a reflector is known only when all of its
// vector is, products are of the vectors c and r as they are before they are reflected:
//
//   v = (c - β e) / (c_0 - β), e the first unit vector    Aᵀ v = (Aᵀ c - β Aᵀ e) / (c_0 - β)
//
// One step i is two operations. Rows: w and x of step i - 1 from r, then c, and per task of rows what
// they add to Aᵀ c and to the products of V and X with c. Columns: v and y of step i from c, then r,
// and per task what its columns add to the products of Y and W with r. Every thread finds β and adds
// up products by itself, once an operation.

import { divideUp, run, word } from "./memory";
import { spare } from "./panels";
import { addFour, addTwo, dotAll, dotFour, sumOfSquares } from "./row_combinations";
import { lanes, loadUpTo, storeUpTo, zero } from "./simd";

// The parameters.
/** The corner of A. */
@inline
function A(): usize {
  return word(0);
}
/** Bytes from one row of A to the next. */
@inline
function lead<T>(): usize {
  return word(1) * sizeof<T>();
}
/** Rows and columns of A. */
@inline
function size(): usize {
  return word(2);
}
/** Steps of the panel. */
@inline
function width(): usize {
  return word(3);
}
/** Which step. */
@inline
function step(): usize {
  return word(4);
}
/** V, and after it X: one vector a row. */
@inline
function V<T>(k: usize): usize {
  return word(5) + k * size() * sizeof<T>();
}
@inline
function X<T>(k: usize): usize {
  return V<T>(width() + k);
}
/** Y, and after it W. */
@inline
function Y<T>(k: usize): usize {
  return word(6) + k * size() * sizeof<T>();
}
@inline
function W<T>(k: usize): usize {
  return Y<T>(width() + k);
}
/** The vectors before they are reflected. */
@inline
function c(): usize {
  return word(7);
}
@inline
function r(): usize {
  return word(8);
}
/** What each task of rows adds to Aᵀ c, `[tasks, size]`, and to V c and X c, `[tasks, 2 width]`. */
@inline
function partsOfZ<T>(task: usize): usize {
  return word(9) + task * size() * sizeof<T>();
}
@inline
function partsOfRows<T>(task: usize): usize {
  return word(10) + task * 2 * width() * sizeof<T>();
}
/** What each task of columns adds to Y r and W r, `[tasks, 2 width]`. */
@inline
function partsOfCols<T>(task: usize): usize {
  return word(11) + task * 2 * width() * sizeof<T>();
}
/** d, and after it e. */
@inline
function band<T>(k: usize): usize {
  return word(12) + k * sizeof<T>();
}
/** The triangles of both sides; above their diagonals first the products of the vectors. */
@inline
function left<T>(i: usize, j: usize): usize {
  return word(13) + (i * width() + j) * sizeof<T>();
}
@inline
function right<T>(i: usize, j: usize): usize {
  return word(14) + (i * width() + j) * sizeof<T>();
}

/** Rows, or columns, of one task. */
@inline
function share(): usize {
  return max<usize>(32, divideUp(divideUp(size(), 16), 4) * 4);
}

/** The operation that this thread knows the reflector and the coefficients of. */
let known: u32 = 0;
// The reflector of the vector that was last looked at.
let beta: f64 = 0;
let tau: f64 = 0;
let factor: f64 = 0;

/** Finds H = I - τ v vᵀ with v = factor (x - β e), H x = β e; τ = 0 and v = e for what is no length. */
function reflect<T>(x: usize, count: usize): void {
  const alpha = <f64> load<T>(x);
  let largest = zero();
  for (let i: usize = 1; i < count; i += lanes<T>()) {
    largest = v128.max<T>(largest, v128.abs<T>(loadUpTo<T>(x + i * sizeof<T>(), count - i)));
  }
  let most: f64 = 0;
  for (let i: i32 = 0; i < <i32> lanes<T>(); i++) most = max<f64>(most, laneOf<T>(largest, i));
  tau = 0;
  beta = alpha;
  factor = 0;
  // Beside a matrix of norm 1 or more this is nothing, and its inverse is no number to count with.
  if (most < (sizeof<T>() == 8 ? 1e-270 : 1e-30)) return;
  const squares = sumOfSquares<T>(x + sizeof<T>(), count - 1, 1 / most);
  const rest = most * sqrt<f64>(squares);
  const larger = max<f64>(abs<f64>(alpha), rest);
  const ratio = min<f64>(abs<f64>(alpha), rest) / larger;
  const length = larger * sqrt<f64>(1 + ratio * ratio);
  beta = alpha > 0 ? -length : length;
  tau = (beta - alpha) / beta;
  factor = 1 / (alpha - beta);
}

@inline
function laneOf<T>(vector: v128, lane: i32): f64 {
  store<v128>(spare(), vector);
  return <f64> load<T>(spare() + lane * sizeof<T>());
}

/** Writes elements `from` to `end - 1` of the vector v of `x`, which begins at element `first`. */
function writeReflected<T>(x: usize, v: usize, first: usize, from: usize, end: usize): void {
  const f = v128.splat<T>(<T> factor);
  const at = from * sizeof<T>();
  for (let j: usize = 0; j < end - from; j += lanes<T>()) {
    const p = at + j * sizeof<T>();
    const count = end - from - j;
    storeUpTo<T>(v + p, v128.mul<T>(loadUpTo<T>(x + p, count), f), count);
  }
  if (from == first) store<T>(v + at, 1);
}

/** The product of a vector with v, from that with x and the vector's own first element. */
@inline
function withReflected<T>(product: T, first: T): T {
  return <T> ((<f64> product - beta * <f64> first) * factor);
}

export function bidiagonalRowsTasks(): usize {
  return divideUp(size() - step(), share());
}

export function bidiagonalRowsTask<T>(task: usize): void {
  const bytes = sizeof<T>();
  const i = step();
  const from = i + task * share();
  const end = min(size(), from + share());
  const rows = end - from;
  // Coefficients of V and X, for x and for c; then what they add up to for these rows.
  const forX = spare() + 64;
  const forC = forX + 2 * width() * bytes;
  const ownX = forC + 2 * width() * bytes;
  const ownC = ownX + rows * bytes;
  memory.fill(ownX, 0, 2 * rows * bytes);
  if (known != run()) prepareRows<T>(forX, forC);
  if (i > 0) {
    const p = i - 1;
    writeReflected<T>(r(), W<T>(p), i, from, end);
    if (task == 0) {
      for (let k: usize = 0; k < p; k++) {
        store<T>(right<T>(k, p), load<T>(forX + (i + k) * bytes));
      }
      store<T>(band<T>(width() + p), <T> beta);
      store<T>(right<T>(p, p), <T> tau);
    }
    const at = from * bytes;
    addTwo<T>(ownX, ownC, V<T>(0) + at, forX, forC, size() * bytes, i, rows);
    addTwo<T>(ownX, ownC, X<T>(0) + at, forX + i * bytes, forC + i * bytes, size() * bytes, p, rows);
  }
  const isLast = i == width();
  const z = partsOfZ<T>(task) + i * bytes;
  if (!isLast) memory.fill(z, 0, (size() - i) * bytes);
  for (let row: usize = 0; row < rows; row += 4) {
    readRows<T>(from + row, min<usize>(4, rows - row), ownX + row * bytes, ownC + row * bytes, z);
  }
  if (isLast) return;
  const sums = partsOfRows<T>(task);
  const at = from * bytes;
  dotAll<T>(c() + at, V<T>(0) + at, size() * bytes, i, rows, sums);
  dotAll<T>(c() + at, X<T>(0) + at, size() * bytes, i, rows, sums + i * bytes);
}

/** Finds the reflector of r, and the coefficients of V and X for x and for c. */
function prepareRows<T>(forX: usize, forC: usize): void {
  const bytes = sizeof<T>();
  const i = step();
  known = run();
  beta = tau = factor = 0;
  if (i == 0) return;
  const p = i - 1;
  reflect<T>(r() + i * bytes, size() - i);
  sumParts<T>(forX, partsOfCols<T>(0), divideUp(size() - i, share()), i);
  for (let k: usize = 0; k <= p; k++) {
    const y = load<T>(Y<T>(k) + i * bytes);
    const w = k < p ? load<T>(W<T>(k) + i * bytes) : <T> 0;
    store<T>(forC + k * bytes, y);
    store<T>(forC + (i + k) * bytes, w);
    const alongY = forX + k * bytes;
    const alongW = forX + (i + k) * bytes;
    store<T>(alongY, withReflected<T>(load<T>(alongY), y));
    store<T>(alongW, k < p ? withReflected<T>(load<T>(alongW), w) : <T> 0);
  }
}

/** x of up to four rows, c, and what they add to Aᵀ c. */
function readRows<T>(row: usize, count: usize, ownX: usize, ownC: usize, z: usize): void {
  const bytes = sizeof<T>();
  const i = step();
  const length = size() - i;
  const a = A() + row * lead<T>() + i * bytes;
  const sums = spare();
  if (tau != 0) dotFour<T>(r() + i * bytes, a, lead<T>(), count, length, sums);
  if (i < width()) {
    for (let k: usize = count; k < 4; k++) store<T>(sums + (4 + k) * bytes, 0);
  }
  for (let k: usize = 0; k < count; k++) {
    const first = load<T>(a + k * lead<T>());
    let x: T = 0;
    if (tau != 0) {
      const product = withReflected<T>(load<T>(sums + k * bytes), first);
      x = <T> (tau * <f64> (product - load<T>(ownX + k * bytes)));
    }
    if (i > 0) store<T>(X<T>(i - 1) + (row + k) * bytes, x);
    const own = <T> (first - load<T>(ownC + k * bytes) - x);
    store<T>(c() + (row + k) * bytes, own);
    store<T>(sums + (4 + k) * bytes, own);
  }
  if (i < width()) addFour<T>(z, sums + 4 * bytes, a, lead<T>(), count, length);
}

export function bidiagonalColsTasks(): usize {
  return max<usize>(1, divideUp(size() - step() - 1, share()));
}

export function bidiagonalColsTask<T>(task: usize): void {
  const bytes = sizeof<T>();
  const i = step();
  const from = i + 1 + task * share();
  const end = min(size(), from + share());
  const cols = end - from;
  const forY = spare() + 64;
  const forR = forY + 2 * width() * bytes;
  const ownY = forR + 2 * width() * bytes;
  const ownR = ownY + cols * bytes;
  memory.fill(ownY, 0, 2 * cols * bytes);
  if (known != run()) prepareCols<T>(forY, forR);
  writeReflected<T>(c(), V<T>(i), i, task == 0 ? i : from, end);
  if (task == 0) {
    for (let k: usize = 0; k < i; k++) store<T>(left<T>(k, i), load<T>(forY + k * bytes));
    store<T>(band<T>(i), <T> beta);
    store<T>(left<T>(i, i), <T> tau);
  }
  if (cols == 0) return;
  const at = from * bytes;
  addTwo<T>(ownY, ownR, Y<T>(0) + at, forY, forR, size() * bytes, i, cols);
  addTwo<T>(ownY, ownR, W<T>(0) + at, forY + i * bytes, forR + i * bytes, size() * bytes, i, cols);
  const row = A() + i * lead<T>() + at;
  for (let j: usize = 0; j < cols; j += lanes<T>()) {
    reduceCols<T>(at + j * bytes, cols - j, row + j * bytes, ownY + j * bytes, ownR + j * bytes);
  }
  const sums = partsOfCols<T>(task);
  dotAll<T>(r() + at, Y<T>(0) + at, size() * bytes, i + 1, cols, sums);
  dotAll<T>(r() + at, W<T>(0) + at, size() * bytes, i, cols, sums + (i + 1) * bytes);
}

/** Finds the reflector of c, and the coefficients of Y and W for y and for r. */
function prepareCols<T>(forY: usize, forR: usize): void {
  const bytes = sizeof<T>();
  const i = step();
  known = run();
  reflect<T>(c() + i * bytes, size() - i);
  sumParts<T>(forY, partsOfRows<T>(0), divideUp(size() - i, share()), i);
  for (let k: usize = 0; k < i; k++) {
    const v = load<T>(V<T>(k) + i * bytes);
    const x = load<T>(X<T>(k) + i * bytes);
    store<T>(forR + k * bytes, v);
    store<T>(forR + (i + k) * bytes, x);
    const alongV = forY + k * bytes;
    const alongX = forY + (i + k) * bytes;
    store<T>(alongV, withReflected<T>(load<T>(alongV), v));
    store<T>(alongX, withReflected<T>(load<T>(alongX), x));
  }
}

/** y and r of a vector of columns, `at` bytes into their rows. */
function reduceCols<T>(at: usize, count: usize, row: usize, ownY: usize, ownR: usize): void {
  const first = loadUpTo<T>(row, count);
  let y = zero();
  if (tau != 0) {
    const tasks = divideUp(size() - step(), share());
    let z = zero();
    for (let part: usize = 0; part < tasks; part++) {
      z = v128.add<T>(z, loadUpTo<T>(partsOfZ<T>(part) + at, count));
    }
    const shifted = v128.sub<T>(z, v128.mul<T>(v128.splat<T>(<T> beta), first));
    const product = v128.mul<T>(shifted, v128.splat<T>(<T> factor));
    y = v128.mul<T>(v128.splat<T>(<T> tau), v128.sub<T>(product, loadUpTo<T>(ownY, count)));
  }
  storeUpTo<T>(Y<T>(step()) + at, y, count);
  const rest = v128.sub<T>(first, loadUpTo<T>(ownR, count));
  storeUpTo<T>(r() + at, v128.sub<T>(rest, y), count);
}

/** Adds up what the tasks found: `count` products with each of two sets of vectors. */
function sumParts<T>(target: usize, parts: usize, tasks: usize, count: usize): void {
  for (let k: usize = 0; k < 2 * count; k++) {
    let sum: T = 0;
    for (let task: usize = 0; task < tasks; task++) {
      sum += load<T>(parts + (task * 2 * width() + k) * sizeof<T>());
    }
    store<T>(target + k * sizeof<T>(), sum);
  }
}

/** One task a side. */
export function bidiagonalTrianglesTasks(): usize {
  return 2;
}

/** T[:j, j] = -τ_j T[:j, :j] (Vᵀ v_j), which stands there until then. */
export function bidiagonalTrianglesTask<T>(task: usize): void {
  const w = width();
  const triangle = task == 0 ? left<T>(0, 0) : right<T>(0, 0);
  const column = spare();
  for (let j: usize = 0; j < w; j++) {
    const own = triangle + j * sizeof<T>();
    const factor = load<T>(own + j * w * sizeof<T>());
    for (let i: usize = 0; i < j; i++) {
      store<f64>(column + i * 8, <f64> load<T>(own + i * w * sizeof<T>()));
    }
    for (let i: usize = 0; i < j; i++) {
      let sum: f64 = 0;
      for (let l = i; l < j; l++) {
        sum += <f64> load<T>(triangle + (i * w + l) * sizeof<T>()) * load<f64>(column + l * 8);
      }
      store<T>(own + i * w * sizeof<T>(), <T> (-sum * <f64> factor));
    }
  }
}
