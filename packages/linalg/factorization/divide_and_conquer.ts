// Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by divide and conquer.
//
// J. Cuppen, "A Divide and Conquer Method for the Symmetric Tridiagonal Eigenproblem", Numer. Math. 36,
// 1981; M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Symmetric Tridiagonal
// Eigenproblem", SIAM J. Matrix Anal. Appl. 16, 1995. With b the element that is cut:
//
//   T = [T_1 0; 0 T_2] + |b| u uᵀ, u = (0 … 0 1 ±1 0 … 0)ᵀ, |b| taken from both elements beside it
//   T_i = Q_i D_i Q_iᵀ    z = [last row of Q_1, ± first row of Q_2]    D + |b| z zᵀ = U Λ Uᵀ
//
// `deflation.ts` and `secular_equation.ts` find Λ and U; the vectors of T are [Q_1 0; 0 Q_2] U. Here
// rows are vectors, so that they are picked and turned as they lie.
//
// All but the products is done on the host, in f64, also the first and last rows of Q, that is all that
// the values depend on: no product has to be waited for. A cut where an element is nothing costs
// nothing, and comes first; what is small enough is left to implicit QL.
// Bound: ‖T - Q Λ Qᵀ‖ <= c n eps ‖T‖ and ‖QᵀQ - I‖ <= c n eps, in the dtype of the products.
// Cost: up to 4/3 n³ in products, less what is deflated, and about 8 n² divisions.

import type { Device, DeviceArray } from "../device.ts";
import { deflate, type Grouped, type Rotation } from "./deflation.ts";
import { put, scaleToOne } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { picked, type SecularVectors, solveSecular } from "./secular_vectors.ts";
import { tridiagonalQr } from "./tridiagonal_qr.ts";

const EPSILON = 2 ** -53;
/** Rows that are left to implicit QL. */
const LEAF = 32;

/** Eigenvalues of a tridiagonal matrix and what is known of its vectors. */
export interface TridiagonalEigh {
  readonly values: Float64Array;
  /** Indices of the values by ascending value. */
  readonly order: Uint32Array<ArrayBuffer>;
  /** The first element of each vector. */
  readonly first: Float64Array;
  /** The last element of each vector. */
  readonly last: Float64Array;
  /** Row i is the vector of value i. */
  readonly rows: DeviceArray;
}

/** Where the products are computed, and how to begin a message. */
interface Setting {
  readonly action: string;
  readonly device: Device;
  readonly dtype: MatrixDtype;
}

/**
 * Takes the eigenvalues and eigenvectors.
 *
 * @param action What cannot be done if it fails, to begin the message.
 * @param diagonal The n elements of the diagonal; overwritten.
 * @param beside The n - 1 elements beside it; overwritten.
 */
export function divideAndConquer(
  action: string,
  device: Device,
  dtype: MatrixDtype,
  diagonal: Float64Array,
  beside: Float64Array,
): TridiagonalEigh {
  return solve({ action, device, dtype }, diagonal, beside);
}

function solve(setting: Setting, d: Float64Array, e: Float64Array): TridiagonalEigh {
  const n = d.length;
  if (n <= LEAF) return solveLeaf(setting, d, e);
  const cut = bestCut(d, e);
  const b = isNothing(d, e, cut - 1) ? 0 : e[cut - 1];
  d[cut - 1] -= Math.abs(b);
  d[cut] -= Math.abs(b);
  const upper = solve(setting, d.subarray(0, cut), e.subarray(0, cut - 1));
  const lower = solve(setting, d.subarray(cut), e.subarray(cut));
  const merged = merge(setting, upper, lower, b);
  upper.rows[Symbol.dispose]();
  lower.rows[Symbol.dispose]();
  return merged;
}

/** Whether the element between i and i + 1 is nothing beside its neighbours. */
function isNothing(d: Float64Array, e: Float64Array, i: number): boolean {
  const mean = Math.sqrt(Math.abs(d[i])) * Math.sqrt(Math.abs(d[i + 1]));
  return Math.abs(e[i]) <= EPSILON * mean;
}

/** Rows of the upper part: the middle, or where nothing has to be cut next to it. */
function bestCut(d: Float64Array, e: Float64Array): number {
  const middle = d.length >> 1;
  for (let away = 0; away < middle; away++) {
    for (const cut of [middle - away, middle + away]) {
      if (cut < d.length && isNothing(d, e, cut - 1)) return cut;
    }
  }
  return middle;
}

function solveLeaf({ action, device, dtype }: Setting, d: Float64Array, e: Float64Array) {
  const n = d.length;
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  tridiagonalQr(action, d, e, (start, step, c, s) => {
    for (let i = 0; i < c.length; i++) {
      const x = (start + step * i) * n;
      const y = x + step * n;
      for (let j = 0; j < n; j++) {
        const [a, b] = [rows[x + j], rows[y + j]];
        rows[x + j] = c[i] * a + s[i] * b;
        rows[y + j] = c[i] * b - s[i] * a;
      }
    }
  });
  return {
    values: d,
    order: Uint32Array.from(d.keys()).sort((i, j) => d[i] - d[j] || i - j),
    first: Float64Array.from(d, (_, i) => rows[i * n]),
    last: Float64Array.from(d, (_, i) => rows[i * n + n - 1]),
    rows: put(device, dtype, [n, n], rows),
  };
}

/** Solves the whole from its halves. */
function merge(
  { device, dtype }: Setting,
  upper: TridiagonalEigh,
  lower: TridiagonalEigh,
  b: number,
): TridiagonalEigh {
  const cut = upper.values.length;
  const n = cut + lower.values.length;
  const sign = b < 0 ? -1 : 1;
  const numbers = concatenated(concatenated(upper.values, lower.values), Float64Array.of(b));
  const z = concatenated(upper.last, lower.first.map((value) => sign * value));
  const first = concatenated(upper.first, new Float64Array(n - cut));
  const last = concatenated(new Float64Array(cut), lower.last);
  // Squares of differences neither overflow nor underflow where the values are about 1.
  const scale = scaleToOne(numbers);
  const d = numbers.subarray(0, n);
  const rho = Math.abs(numbers[n]);
  const order = merged(d, upper.order, lower.order.map((i) => i + cut));
  const { rotations, left, grouped, solved } = deflate(d, z, rho, order, cut);
  for (const { x, y, c, s } of rotations) {
    for (const row of [first, last]) {
      [row[x], row[y]] = [c * row[x] + s * row[y], c * row[y] - s * row[x]];
    }
  }
  const secular = solveSecular({ d, z, rho, left, grouped, first, last });
  const values = concatenated(secular.values, picked(d, solved.indices));
  for (let i = 0; i < n; i++) values[i] /= scale;
  const count = left.length;
  const ascending = Uint32Array.from({ length: n - count }, (_, i) => count + i)
    .sort((i, j) => values[i] - values[j] || i - j);
  return {
    values,
    order: merged(values, Uint32Array.from({ length: count }, (_, i) => i), ascending),
    first: concatenated(secular.first, picked(first, solved.indices)),
    last: concatenated(secular.last, picked(last, solved.indices)),
    rows: combine(device, dtype, upper.rows, lower.rows, rotations, secular, grouped, solved),
  };
}

/** The vectors of the whole: U times those of the halves, and behind them what was solved before. */
function combine(
  outer: Device,
  dtype: MatrixDtype,
  upper: DeviceArray,
  lower: DeviceArray,
  rotations: readonly Rotation[],
  secular: SecularVectors,
  grouped: Grouped,
  solved: Grouped,
): DeviceArray {
  using device = outer.scope();
  const cut = upper.shape[0];
  const n = cut + lower.shape[0];
  const count = grouped.indices.length;
  const rows = outer.zeros([n, n], dtype);
  const halves = [
    { vectors: upper, at: 0, u: secular.upper, end: "upper" },
    { vectors: lower, at: cut, u: secular.lower, end: "lower" },
  ] as const;
  for (const { vectors, at, u, end } of halves) {
    const half = device.zeros([n, vectors.shape[1]], dtype);
    device.write(half, vectors, at, 0);
    rotate(device, dtype, half, rotations);
    const of = ({ indices, ...counts }: Grouped) =>
      end === "upper" ? indices.subarray(0, counts.upper) : indices.subarray(-counts.lower);
    if (grouped[end] > 0) {
      const basis = device.gatherRows(half, putIndices(device, of(grouped)));
      const product = put(device, dtype, [count, grouped[end]], u);
      device.matmul(product, basis, { into: rows, col: at });
    }
    if (solved[end] > 0) {
      const finished = device.gatherRows(half, putIndices(device, of(solved)));
      const row = end === "upper" ? count : n - solved.lower;
      device.write(rows, finished, row, at);
    }
  }
  return rows;
}

function rotate(
  device: Device,
  dtype: MatrixDtype,
  basis: DeviceArray,
  rotations: readonly Rotation[],
): void {
  const { length } = rotations;
  if (length === 0) return;
  const pairs = Uint32Array.from(rotations.flatMap(({ x, y }) => [x, y]));
  const factors = Float64Array.from(rotations.flatMap(({ c, s }) => [c, s]));
  device.rotateRows(
    basis,
    device.reshape(putIndices(device, pairs), [length, 2]),
    put(device, dtype, [length, 2], factors),
  );
}

function putIndices(device: Device, data: Uint32Array<ArrayBuffer>): DeviceArray {
  return device.upload({ dtype: "u32", shape: [data.length], data });
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const joined = new Float64Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Two runs of indices by ascending value as one. */
function merged(
  values: Float64Array,
  a: Uint32Array,
  b: Uint32Array,
): Uint32Array<ArrayBuffer> {
  const joined = new Uint32Array(a.length + b.length);
  let [i, j] = [0, 0];
  for (let at = 0; at < joined.length; at++) {
    const takesA = j === b.length || (i < a.length && values[a[i]] <= values[b[j]]);
    joined[at] = takesA ? a[i++] : b[j++];
  }
  return joined;
}
