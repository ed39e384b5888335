// Singular values of a bidiagonal matrix by implicit QR sweeps, with a zero shift where a shift
// would cost small singular values their digits.
//
// J. Demmel and W. Kahan, "Accurate Singular Values of Bidiagonal Matrices", SIAM J. Sci. Stat.
// Comput. 11, 1990. With D and E counted from the end where a sweep starts:
//
//   zero shift, section 3:   (c, s, r) = givens(c D_i, E_i)    (c', s', D_i) = givens(c' r, s D_{i+1})
//   convergence, section 2:  μ_0 = |D_0|    μ_{i+1} = |D_{i+1}| μ_i / (μ_i + |E_i|)
//                            E_i is negligible if |E_i| <= tol μ_i, and min μ bounds σ_min
//
// Sweeps start at the larger end, where graded matrices take the fewest; upwards the roles of left and right are swapped, since the matrix
// turned around and transposed is upper bidiagonal again.
// Bound: every singular value of the bidiagonal matrix, however small, has a relative error of
// c n tol. Cost: about 2 sweeps a value, each 60 operations a row.

import { givens } from "./givens.ts";
import type { TakeSweep } from "./tridiagonal_qr.ts";

const EPSILON = 2 ** -53;
const TOLERANCE = 2 ** -50;
/** Below this an element of a matrix of norm 1 is nothing. */
const TINY = 2 ** -1000;
/** After so many sweeps over one block, what is nothing beside the norm counts as nothing. */
const PATIENCE = 15;
const MAX_SWEEPS_PER_VALUE = 40;

/** A block of the matrix as a sweep sees it: from its own end, `count` elements E. */
interface View {
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly start: number;
  readonly step: 1 | -1;
  readonly count: number;
}

/**
 * Makes the matrix diagonal, in place.
 *
 * @param action What cannot be done if it fails, to begin the message.
 * @param d The diagonal; becomes the singular values, with signs and in no order.
 * @param e The elements right of it; become zero.
 * @param left Takes the rotations for the columns of the left basis.
 * @param right Takes the rotations for the columns of the right basis.
 * @throws {RangeError} If a value does not converge, which no finite matrix has been seen to do.
 */
export function bidiagonalQr(
  action: string,
  d: Float64Array,
  e: Float64Array,
  left: TakeSweep,
  right: TakeSweep,
): void {
  let budget = MAX_SWEEPS_PER_VALUE * d.length;
  let high = d.length - 1;
  let norm = 0;
  for (const value of [...d, ...e]) norm = Math.max(norm, Math.abs(value));
  let spent = 0;
  // A block keeps its direction, so that convergence at its end is not undone.
  let block = { low: -1, high: -1, step: 1 as 1 | -1 };
  while (high > 0) {
    let low = high;
    const floor = spent < PATIENCE ? TINY : EPSILON * norm;
    while (low > 0 && !(Math.abs(e[low - 1]) <= floor)) low--;
    if (low > 0) e[low - 1] = 0;
    if (low === high) {
      high--;
      spent = 0;
      continue;
    }
    spent = low === block.low && high === block.high ? spent + 1 : 0;
    if (low > block.high || high < block.low) {
      block = { low, high, step: Math.abs(d[low]) >= Math.abs(d[high]) ? 1 : -1 };
    }
    block = { low, high, step: block.step };
    const view: View = {
      d,
      e,
      start: block.step > 0 ? low : high,
      step: block.step,
      count: high - low,
    };
    const smallest = deflate(view);
    if (smallest === null) continue;
    if (budget-- === 0) {
      throw new RangeError(
        `${action} as the QR iteration must converge in ${MAX_SWEEPS_PER_VALUE} sweeps a singular ` +
          `value: current element beside the diagonal is ${e[high - 1]}`,
      );
    }
    const [first, second] = block.step > 0 ? [right, left] : [left, right];
    const shift = shiftOf(view, smallest);
    if (shift === 0) zeroShiftSweep(view, first, second);
    else shiftedSweep(view, shift, first, second);
  }
}

function atD({ start, step }: View, i: number): number {
  return start + step * i;
}

function atE({ start, step }: View, i: number): number {
  return step > 0 ? start + i : start - i - 1;
}

/** Sets one negligible element to zero and returns null, or else a bound of the smallest value. */
function deflate(view: View): number | null {
  const { d, e, count } = view;
  const last = atE(view, count - 1);
  if (Math.abs(e[last]) <= TOLERANCE * Math.abs(d[atD(view, count)])) {
    e[last] = 0;
    return null;
  }
  let mu = Math.abs(d[view.start]);
  let smallest = mu;
  for (let i = 0; i < count; i++) {
    const size = Math.abs(e[atE(view, i)]);
    if (size <= TOLERANCE * mu) {
      e[atE(view, i)] = 0;
      return null;
    }
    mu = Math.abs(d[atD(view, i + 1)]) * (mu / (mu + size));
    smallest = Math.min(smallest, mu);
  }
  return smallest;
}

/** The smaller singular value of the last 2 × 2 block; 0 where it would hurt small values. */
function shiftOf(view: View, smallest: number): number {
  const { d, e, count } = view;
  let largest = 0;
  for (let i = 0; i <= count; i++) {
    largest = Math.max(largest, Math.abs(d[atD(view, i)]));
    if (i < count) largest = Math.max(largest, Math.abs(e[atE(view, i)]));
  }
  if ((count + 1) * TOLERANCE * (smallest / largest) <= EPSILON) return 0;
  const f = Math.abs(d[atD(view, count - 1)]);
  const g = Math.abs(e[atE(view, count - 1)]);
  const h = Math.abs(d[atD(view, count)]);
  // σ_min σ_max = f h, and (σ_max ± σ_min)² = (f ± h)² + g².
  const shift = 2 * f * h / (Math.hypot(f + h, g) + Math.hypot(f - h, g));
  return (shift / Math.abs(d[view.start])) ** 2 < EPSILON ? 0 : shift;
}

function zeroShiftSweep(view: View, first: TakeSweep, second: TakeSweep): void {
  const { d, e, count } = view;
  const rotations = emptyRotations(count);
  let c = 1;
  let [oldC, oldS] = [1, 0];
  for (let i = 0; i < count; i++) {
    const one = givens(d[atD(view, i)] * c, e[atE(view, i)]);
    if (i > 0) e[atE(view, i - 1)] = oldS * one.r;
    const two = givens(oldC * one.r, d[atD(view, i + 1)] * one.s);
    d[atD(view, i)] = two.r;
    c = one.c;
    [oldC, oldS] = [two.c, two.s];
    record(rotations, i, one, two);
  }
  const h = d[atD(view, count)] * c;
  d[atD(view, count)] = h * oldC;
  e[atE(view, count - 1)] = h * oldS;
  addSweeps(view, rotations, first, second);
}

function shiftedSweep(
  view: View,
  shift: number,
  first: TakeSweep,
  second: TakeSweep,
): void {
  const { d, e, count } = view;
  const rotations = emptyRotations(count);
  const head = d[view.start];
  // (head² - shift²) / head, without squares.
  let f = (Math.abs(head) - shift) * (Math.sign(head) + shift / head);
  let g = e[atE(view, 0)];
  for (let i = 0; i < count; i++) {
    const [here, next, beside] = [atD(view, i), atD(view, i + 1), atE(view, i)];
    const one = givens(f, g);
    if (i > 0) e[atE(view, i - 1)] = one.r;
    f = one.c * d[here] + one.s * e[beside];
    e[beside] = one.c * e[beside] - one.s * d[here];
    g = one.s * d[next];
    d[next] *= one.c;
    const two = givens(f, g);
    d[here] = two.r;
    f = two.c * e[beside] + two.s * d[next];
    d[next] = two.c * d[next] - two.s * e[beside];
    if (i < count - 1) {
      g = two.s * e[atE(view, i + 1)];
      e[atE(view, i + 1)] *= two.c;
    }
    record(rotations, i, one, two);
  }
  e[atE(view, count - 1)] = f;
  addSweeps(view, rotations, first, second);
}

/** Cosines and sines of the rotations of columns (one) and of rows (two). */
interface Rotations {
  readonly c: readonly [Float64Array, Float64Array];
  readonly s: readonly [Float64Array, Float64Array];
}

function emptyRotations(count: number): Rotations {
  return {
    c: [new Float64Array(count), new Float64Array(count)],
    s: [new Float64Array(count), new Float64Array(count)],
  };
}

function record(
  { c, s }: Rotations,
  i: number,
  one: { readonly c: number; readonly s: number },
  two: { readonly c: number; readonly s: number },
): void {
  c[0][i] = one.c;
  s[0][i] = one.s;
  c[1][i] = two.c;
  s[1][i] = two.s;
}

function addSweeps(
  { start, step }: View,
  { c, s }: Rotations,
  first: TakeSweep,
  second: TakeSweep,
): void {
  first(start, step, c[0], s[0]);
  second(start, step, c[1], s[1]);
}
