// Eigenvalues of a symmetric tridiagonal matrix by implicitly shifted QR and QL sweeps.
//
// B. Parlett, The Symmetric Eigenvalue Problem, 1980, section 8.13: the rational form of the QR
// transformation with Wilkinson's shift, with D and E counted from the end where a sweep starts:
//
//   g = D_0 - σ, s = c = 1, p = 0, then for each i:
//   f = s E_i    b = c E_i    (c, s, E_{i-1}) = givens(g, f)    g = D_i - p
//   r = (D_{i+1} - g) s + 2 c b    p = s r    D_i = g + p    g = c r - b
//
// A sweep starts at the larger end of the diagonal: from the other one, graded matrices take twice as
// many.
// Bound: every eigenvalue within c eps ‖T‖, c a few times the number of sweeps that touched it.
// Cost: about 1.7 sweeps an eigenvalue, each 30 operations a row.

import { givens } from "./givens.ts";

/**
 * Takes the rotations of one sweep, to be applied to the columns of the eigenvector basis one after the
 * other: of columns i = start + step · k and i + step, (x, y) becomes (c_k x + s_k y, c_k y - s_k x).
 */
export type TakeSweep = (start: number, step: 1 | -1, c: Float64Array, s: Float64Array) => void;

const EPSILON = 2 ** -53;
/** Below this an element of a matrix of norm 1 is nothing. */
const TINY = 2 ** -1000;
/** After so many sweeps over one block, what is nothing beside the norm counts as nothing. */
const PATIENCE = 10;
const MAX_SWEEPS_PER_VALUE = 30;

/**
 * Makes the matrix diagonal, in place.
 *
 * @param action What cannot be done if it fails, to begin the message.
 * @param d The diagonal; becomes the eigenvalues, in no order.
 * @param e The elements beside it; become zero.
 * @param take Takes the rotations.
 * @throws {RangeError} If an eigenvalue does not converge, which no finite matrix has been seen to do.
 */
export function tridiagonalQr(
  action: string,
  d: Float64Array,
  e: Float64Array,
  take: TakeSweep,
): void {
  let budget = MAX_SWEEPS_PER_VALUE * d.length;
  let high = d.length - 1;
  let norm = 0;
  for (const value of [...d, ...e]) norm = Math.max(norm, Math.abs(value));
  let block = { low: -1, high: -1 };
  let spent = 0;
  while (high > 0) {
    // The last block that does not fall apart, from low to high.
    let low = high;
    const floor = spent < PATIENCE ? TINY : EPSILON * norm;
    while (low > 0 && !isNegligible(d, e, low - 1, floor)) low--;
    if (low > 0) e[low - 1] = 0;
    if (low === high) {
      high--;
      spent = 0;
      continue;
    }
    spent = low === block.low && high === block.high ? spent + 1 : 0;
    block = { low, high };
    if (budget-- === 0) {
      throw new RangeError(
        `${action} as the QR iteration must converge in ${MAX_SWEEPS_PER_VALUE} sweeps an ` +
          `eigenvalue: current element beside the diagonal is ${e[high - 1]}`,
      );
    }
    const isDown = Math.abs(d[low]) >= Math.abs(d[high]);
    if (isDown) sweep(d, e, low, 1, high - low, take);
    else sweep(d, e, high, -1, high - low, take);
  }
}

/** Whether an element is nothing beside the geometric mean of what stands above and below it. */
function isNegligible(d: Float64Array, e: Float64Array, i: number, floor: number): boolean {
  const above = Math.max(Math.abs(d[i]), Math.abs(e[i - 1] ?? 0));
  const below = Math.max(Math.abs(d[i + 1]), Math.abs(e[i + 1] ?? 0));
  const size = Math.abs(e[i]);
  return size <= EPSILON * Math.sqrt(above) * Math.sqrt(below) || size <= floor;
}

/** One QR sweep over `count` rotations, from element `start` on in steps of +1 or -1. */
function sweep(
  d: Float64Array,
  e: Float64Array,
  start: number,
  step: 1 | -1,
  count: number,
  take: TakeSweep,
): void {
  // E_i stands between D_i and D_{i+1}.
  const atD = (i: number) => start + step * i;
  const atE = (i: number) => step > 0 ? start + i : start - i - 1;
  const cosines = new Float64Array(count);
  const sines = new Float64Array(count);
  let g = d[start] - shiftOf(d[atD(count - 1)], e[atE(count - 1)], d[atD(count)]);
  let [c, s, p] = [1, 1, 0];
  for (let i = 0; i < count; i++) {
    const f = s * e[atE(i)];
    const b = c * e[atE(i)];
    const rotation = givens(g, f);
    if (i > 0) e[atE(i - 1)] = rotation.r;
    ({ c, s } = rotation);
    g = d[atD(i)] - p;
    const r = (d[atD(i + 1)] - g) * s + 2 * c * b;
    p = s * r;
    d[atD(i)] = g + p;
    g = c * r - b;
    cosines[i] = c;
    sines[i] = s;
  }
  d[atD(count)] -= p;
  e[atE(count - 1)] = g;
  take(start, step, cosines, sines);
}

/** Wilkinson's shift: the eigenvalue of [a, b; b, c] that is closer to c. */
function shiftOf(a: number, b: number, c: number): number {
  const g = (a - c) / (2 * b);
  const root = Math.hypot(g, 1);
  return c - b / (g + (g < 0 ? -root : root));
}
