// Singular values and vectors of a broken arrowhead; names and formulas are those of
// `reference/arrowhead_svd.ts`. Three operations after each other: roots, first row, vectors.

import { divideUp, grain, word } from "./memory";
import { spare } from "./panels";
import { sumLanes, zero } from "./simd";

const EPSILON: f64 = 1.1102230246251565e-16;
const MAX_STEPS: i32 = 1200;

/** Columns of ẑ in one task. */
const COLS: usize = 128;

/** Σ z_j² / (Δ_j - x) over a range, and Σ z_j² / (Δ_j - x)². */
let sum: f64 = 0;
let slope: f64 = 0;

@inline
function at(array: usize, index: usize): f64 {
  return load<f64>(array + index * 8);
}

/** Roots, or vectors, in one task. */
@inline
function share(): usize {
  return grain(16 * word(5));
}

export function arrowheadRootsTasks(): usize {
  return divideUp(word(5), share());
}

/** d, z, values, left, right, count, ẑ. */
export function arrowheadRootsTask(task: usize): void {
  const k = word(5);
  const end = min(k, (task + 1) * share());
  for (let i = task * share(); i < end; i++) {
    store<f64>(word(2) + i * 8, solveRoot(word(0), word(1), i, word(4) + i * k * 8, k));
  }
}

/** Finds σ_i, and writes every d_j² - σ_i². */
function solveRoot(d: usize, z: usize, i: usize, differences: usize, k: usize): f64 {
  let low: f64 = 0;
  let high: f64 = 0;
  let start: f64 = 0;
  let pole = i;
  fromPole(d, pole, differences, k);
  if (i == k - 1) {
    for (let j: usize = 0; j < k; j++) high += at(z, j) * at(z, j);
    start = high / 2;
  } else {
    start = at(differences, i + 1) / 2;
    addTerms(z, differences, 0, k, start);
    if (1 + sum >= 0) high = start;
    else {
      start = -start;
      low = start;
      pole = i + 1;
      fromPole(d, pole, differences, k);
    }
  }
  const x = k == 1 ? high : findRoot(z, i, differences, k, low, high, start);
  const shift = f64x2.splat(x);
  let j: usize = 0;
  for (; j + 2 <= k; j += 2) {
    const p = differences + j * 8;
    v128.store(p, f64x2.sub(v128.load(p), shift));
  }
  if (j < k) store<f64>(differences + j * 8, at(differences, j) - x);
  const p = at(d, pole);
  return p + x / (p + sqrt<f64>(p * p + x));
}

/** Δ_j = d_j² - d_p². */
function fromPole(d: usize, pole: usize, differences: usize, k: usize): void {
  const p = f64x2.splat(at(d, pole));
  let j: usize = 0;
  for (; j + 2 <= k; j += 2) {
    const x = v128.load(d + j * 8);
    v128.store(differences + j * 8, f64x2.mul(f64x2.sub(x, p), f64x2.add(x, p)));
  }
  if (j == k) return;
  const x = at(d, j);
  store<f64>(differences + j * 8, (x - at(d, pole)) * (x + at(d, pole)));
}

/** Sums the terms `from` to `end - 1` of f and of its slope. */
function addTerms(z: usize, delta: usize, from: usize, end: usize, x: f64): void {
  const shift = f64x2.splat(x);
  let s0 = zero(), s1 = zero();
  let t0 = zero(), t1 = zero();
  let j = from;
  for (; j + 4 <= end; j += 4) {
    const z0 = v128.load(z + j * 8);
    const z1 = v128.load(z + j * 8, 16);
    const q0 = f64x2.div(z0, f64x2.sub(v128.load(delta + j * 8), shift));
    const q1 = f64x2.div(z1, f64x2.sub(v128.load(delta + j * 8, 16), shift));
    s0 = f64x2.add(s0, f64x2.mul(z0, q0));
    s1 = f64x2.add(s1, f64x2.mul(z1, q1));
    t0 = f64x2.add(t0, f64x2.mul(q0, q0));
    t1 = f64x2.add(t1, f64x2.mul(q1, q1));
  }
  sum = sumLanes<f64>(f64x2.add(s0, s1));
  slope = sumLanes<f64>(f64x2.add(t0, t1));
  for (; j < end; j++) {
    const q = at(z, j) / (at(delta, j) - x);
    sum += at(z, j) * q;
    slope += q * q;
  }
}

/** Finds x between low and high with 1 + Σ z_j² / (Δ_j - x) = 0; f ascends there. */
function findRoot(
  z: usize,
  i: usize,
  delta: usize,
  k: usize,
  low: f64,
  high: f64,
  start: f64,
): f64 {
  const first = min(i, k - 2);
  let x = start;
  for (let step = 0; step < MAX_STEPS; step++) {
    addTerms(z, delta, 0, first + 1, x);
    const psi = sum;
    const psiSlope = slope;
    addTerms(z, delta, first + 1, k, x);
    const f = 1 + psi + sum;
    if (abs<f64>(f) <= EPSILON * <f64> k * (1 + abs<f64>(psi) + abs<f64>(sum))) break;
    if (f < 0) low = x;
    else high = x;
    const D = at(delta, first) - x;
    const E = at(delta, first + 1) - x;
    const next = x + middleWay(f, psiSlope, slope, D, E);
    const inside = next > low && next < high ? next : (low + high) / 2;
    if (inside == x || inside == low || inside == high) break;
    x = inside;
  }
  return x;
}

/** The step to the root of c + s / (D - η) + S / (E - η), which agrees with f and its slopes. */
function middleWay(f: f64, psiSlope: f64, phiSlope: f64, D: f64, E: f64): f64 {
  const both = psiSlope + phiSlope;
  const a = (D + E) * f - D * E * both;
  const b = D * E * f;
  const c = f - D * psiSlope - E * phiSlope;
  const root = sqrt<f64>(max<f64>(0, a * a - 4 * b * c));
  let step: f64;
  if (E > 0) step = a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
  else step = a >= 0 ? (a + root) / (2 * c) : 2 * b / (a - root);
  return step * f < 0 ? step : -f / both;
}

export function arrowheadRowTasks(): usize {
  return divideUp(word(5), COLS);
}

/** ẑ, of which the values found are the exact ones. */
export function arrowheadRowTask(task: usize): void {
  const d = word(0);
  const z = word(1);
  const k = word(5);
  const from = task * COLS;
  const end = min(k, from + COLS);
  const squares = spare() - from * 8;
  for (let j = from; j < end; j++) store<f64>(squares + j * 8, 1);
  for (let i: usize = 0; i < k - 1; i++) {
    const differences = word(4) + i * k * 8;
    const middle = min(end, max(from, i + 1));
    multiplyRatios(squares, d, differences, from, middle, at(d, i + 1));
    multiplyRatios(squares, d, differences, middle, end, at(d, i));
  }
  for (let j = from; j < end; j++) {
    const square = at(squares, j) * at(word(4), (k - 1) * k + j);
    store<f64>(word(6) + j * 8, copysign<f64>(sqrt<f64>(abs<f64>(square)), at(z, j)));
  }
}

/** squares *= (d_j² - σ²) / (d_j² - p²). */
function multiplyRatios(
  squares: usize,
  d: usize,
  differences: usize,
  from: usize,
  end: usize,
  pole: f64,
): void {
  const p = f64x2.splat(pole);
  let j = from;
  for (; j + 2 <= end; j += 2) {
    const x = v128.load(d + j * 8);
    const gap = f64x2.mul(f64x2.sub(x, p), f64x2.add(x, p));
    const ratio = f64x2.div(v128.load(differences + j * 8), gap);
    v128.store(squares + j * 8, f64x2.mul(v128.load(squares + j * 8), ratio));
  }
  if (j == end) return;
  const x = at(d, j);
  const ratio = at(differences, j) / ((x - pole) * (x + pole));
  store<f64>(squares + j * 8, at(squares, j) * ratio);
}

export function arrowheadVectorsTasks(): usize {
  return divideUp(word(5), share());
}

export function arrowheadVectorsTask(task: usize): void {
  const k = word(5);
  const end = min(k, (task + 1) * share());
  for (let i = task * share(); i < end; i++) {
    writeVectors(word(0), word(6), word(3) + i * k * 8, word(4) + i * k * 8, k);
  }
}

/** v_j = ẑ_j / (d_j² - σ²) and u = (-1, d_j v_j), normalized. */
function writeVectors(d: usize, zHat: usize, u: usize, v: usize, k: usize): void {
  let squaresU = zero();
  let squaresV = zero();
  let j: usize = 0;
  for (; j + 2 <= k; j += 2) {
    const right = f64x2.div(v128.load(zHat + j * 8), v128.load(v + j * 8));
    const left = f64x2.mul(v128.load(d + j * 8), right);
    v128.store(v + j * 8, right);
    v128.store(u + j * 8, left);
    squaresV = f64x2.add(squaresV, f64x2.mul(right, right));
    squaresU = f64x2.add(squaresU, f64x2.mul(left, left));
  }
  // d_0 is zero, so that u_0 adds nothing before it becomes -1.
  let totalU = sumLanes<f64>(squaresU) + 1;
  let totalV = sumLanes<f64>(squaresV);
  if (j < k) {
    const right = at(zHat, j) / at(v, j);
    const left = at(d, j) * right;
    store<f64>(v + j * 8, right);
    store<f64>(u + j * 8, left);
    totalV += right * right;
    totalU += left * left;
  }
  store<f64>(u, -1);
  scaleVector(u, k, 1 / sqrt<f64>(totalU));
  scaleVector(v, k, 1 / sqrt<f64>(totalV));
}

function scaleVector(x: usize, k: usize, factor: f64): void {
  const f = f64x2.splat(factor);
  let j: usize = 0;
  for (; j + 2 <= k; j += 2) v128.store(x + j * 8, f64x2.mul(v128.load(x + j * 8), f));
  if (j < k) store<f64>(x + j * 8, at(x, j) * factor);
}
