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
// The host keeps the first and last rows of Q, that is all that the values depend on, in f64, so that no
// product has to be waited for. A cut where an element is nothing costs
// nothing, and comes first; what is small enough is left to implicit QL.
// Bound: ‖T - Q Λ Qᵀ‖ <= c n eps ‖T‖ and ‖QᵀQ - I‖ <= c n eps, in the dtype of the products.
// Cost: up to 4/3 n³ in products, less what is deflated, and about 8 n² divisions.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { deflate, type Grouped } from "./deflation.ts";
import { put, scaleToOne } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { mergedVectors } from "./merged_vectors.ts";
import { solveSecular } from "./secular.ts";
import { tridiagonalQr } from "./tridiagonal_qr.ts";

const EPSILON = 2 ** -53;
/** Rows that are left to implicit QL. */
const LEAF = 24;

/** Eigenvalues of a tridiagonal matrix and what is known of its vectors. */
export interface TridiagonalEigh {
  readonly values: Float64Array;
  /** Indices of the values by ascending value. */
  readonly order: Uint32Array<ArrayBuffer>;
  /** The first element of each vector. */
  readonly first: Float64Array;
  /** The last element of each vector. */
  readonly last: Float64Array;
  /** Vectors, those that were asked for, as rows; `null` if none was. */
  readonly rows: DeviceArray | null;
  /** The rows of the largest values, by ascending value. */
  readonly places: Uint32Array<ArrayBuffer>;
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
 * @param largest Of how many of the largest values to make the vectors: all by default. Without any, no
 * product is computed at all.
 */
export async function divideAndConquer(
  action: string,
  device: Device,
  dtype: MatrixDtype,
  diagonal: Float64Array,
  beside: Float64Array,
  largest: number = diagonal.length,
): Promise<TridiagonalEigh> {
  return await solve({ action, device, dtype }, diagonal, beside, largest);
}

async function solve(
  setting: Setting,
  d: Float64Array,
  e: Float64Array,
  largest: number,
): Promise<TridiagonalEigh> {
  const n = d.length;
  if (n <= LEAF) return solveLeaf(setting, d, e, largest);
  const cut = bestCut(d, e);
  const b = isNothing(d, e, cut - 1) ? 0 : e[cut - 1];
  d[cut - 1] -= Math.abs(b);
  d[cut] -= Math.abs(b);
  // Each vector of the whole has a part in all of the halves.
  const [above, below] = largest > 0 ? [cut, n - cut] : [0, 0];
  const upper = await solve(setting, d.subarray(0, cut), e.subarray(0, cut - 1), above);
  const lower = await solve(setting, d.subarray(cut), e.subarray(cut), below);
  const merged = await merge(setting, upper, lower, b, largest);
  upper.rows?.[Symbol.dispose]();
  lower.rows?.[Symbol.dispose]();
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

function solveLeaf(
  { action, device, dtype }: Setting,
  d: Float64Array,
  e: Float64Array,
  largest: number,
): TridiagonalEigh {
  const n = d.length;
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  tridiagonalQr(action, d, e, (start, step, c, s) => {
    for (let i = 0; i < c.length; i++) {
      const x = (start + step * i) * n;
      rotateRows(rows, x, x + step * n, n, c[i], s[i]);
    }
  });
  const order = Uint32Array.from(d.keys()).sort((i, j) => d[i] - d[j] || i - j);
  return {
    values: d,
    order,
    places: order.slice(n - largest),
    first: Float64Array.from(d, (_, i) => rows[i * n]),
    last: Float64Array.from(d, (_, i) => rows[i * n + n - 1]),
    rows: largest > 0 ? put(device, dtype, [n, n], rows) : null,
  };
}

function rotateRows(
  data: Float64Array,
  x: number,
  y: number,
  length: number,
  c: number,
  s: number,
): void {
  for (let j = 0; j < length; j++) {
    const a = data[x + j];
    const b = data[y + j];
    data[x + j] = c * a + s * b;
    data[y + j] = c * b - s * a;
  }
}

/** Solves the whole from its halves; makes the vectors of its `largest` values. */
async function merge(
  { device: outer, dtype }: Setting,
  upper: TridiagonalEigh,
  lower: TridiagonalEigh,
  b: number,
  largest: number,
): Promise<TridiagonalEigh> {
  using device = outer.scope();
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
    for (const row of [first, last]) rotateRows(row, x, y, 1, c, s);
  }
  const secular = left.length > 0
    ? await solveSecular(device, dtype, { d, z, rho, left, grouped, first, last })
    : null;
  const all = (found: Float64Array | undefined, known: Float64Array) =>
    concatenated(found ?? new Float64Array(0), picked(known, solved.indices));
  const values = all(secular?.values, d);
  for (let i = 0; i < n; i++) values[i] /= scale;
  const found = Uint32Array.from(left.keys());
  const known = Uint32Array.from(solved.indices, (_, i) => left.length + i);
  const ascending = merged(values, found, known.sort((i, j) => values[i] - values[j] || i - j));
  const result = {
    values,
    order: ascending,
    first: all(secular?.first, first),
    last: all(secular?.last, last),
  };
  const places = ascending.slice(n - largest);
  if (!upper.rows || !lower.rows || largest === 0) return { ...result, rows: null, places };
  const wanted = places.toSorted();
  const count = wanted.filter((place) => place < left.length).length;
  const rows = mergedVectors(outer, dtype, [upper.rows, lower.rows], {
    rotations,
    secular: secular && count > 0 ? rowsOf(device, secular.vectors, wanted.slice(0, count)) : null,
    grouped,
    solved: chosen(solved, wanted.subarray(count).map((place) => place - left.length)),
  });
  const rowOf = new Uint32Array(n);
  for (const [row, place] of wanted.entries()) rowOf[place] = row;
  return { ...result, rows, places: places.map((place) => rowOf[place]) };
}

/** Rows of an array, ascending; all of them are the array itself. */
function rowsOf(
  device: Device,
  array: DeviceArray,
  indices: Uint32Array<ArrayBuffer>,
): DeviceArray {
  const { length } = indices;
  if (length === array.shape[0]) return array;
  return device.gatherRows(array, device.upload({ dtype: "u32", shape: [length], data: indices }));
}

/** Those of the groups that stand at the given places, which ascend. */
function chosen({ indices, upper, lower }: Grouped, places: Uint32Array): Grouped {
  return {
    indices: Uint32Array.from(places, (place) => indices[place]),
    upper: places.filter((place) => place < upper).length,
    lower: places.filter((place) => place >= indices.length - lower).length,
  };
}

function concatenated(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const joined = new Float64Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function picked(values: Float64Array, indices: Uint32Array): Float64Array {
  const taken = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]];
  return taken;
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
