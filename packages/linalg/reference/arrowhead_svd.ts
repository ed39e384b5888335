// Singular values and vectors of a broken arrowhead, the matrix M with first row zᵀ and below it the
// diagonal d_1 … d_{k-1}; d_0 = 0 < d_1 < … stands for the corner that z_0 takes.
//
// M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Bidiagonal SVD", SIAM J. Matrix
// Anal. Appl. 16, 1995, section 3:
//
//   roots       f(σ²) = 1 + Σ_j z_j² / (d_j² - σ²) = 0, one in each (d_i, d_{i+1}), the last one in
//               (d_{k-1}, √(d_{k-1}² + ‖z‖²))
//   ẑ_j²        (σ_{k-1}² - d_j²) Π_{i<j} (σ_i² - d_j²) / (d_i² - d_j²)
//               · Π_{j<=i<k-1} (σ_i² - d_j²) / (d_{i+1}² - d_j²)
//   right_i     (ẑ_j / (d_j² - σ_i²))_j, normalized
//   left_i      (-1, d_1 ẑ_1 / (d_1² - σ_i²), …), normalized
//
// A root is held as x = σ² - d_p² from its nearest pole p, so that every d_j² - σ² is
// (d_j - d_p)(d_j + d_p) - x with nearly all its digits; the vectors are those of the matrix whose
// first row ẑ makes the computed roots exact, and orthogonal however close the roots.
// R.-C. Li, "Solving Secular Equations Stably and Efficiently", LAPACK Working Note 89, 1993: each
// step takes f for c + s / (d_i² - σ²) + S / (d_{i+1}² - σ²), the "middle way".
// Bound: ‖M - L Σ Rᵀ‖ <= c k eps ‖M‖ and L, R orthonormal to c k eps, as long as f is made smaller
// than eps k (1 + Σ_j |z_j² / (d_j² - σ²)|). Cost: about 5 k² steps with a division.

import type { HostArray, Kernels } from "../kernels.ts";

const EPSILON = 2 ** -53;
/** Bisection alone takes no more steps than f64 has bits and exponents to halve. */
const MAX_STEPS = 1200;

/** See `Device.arrowheadSvd`. */
export function arrowheadSvd(
  { d, z, values, left, right, count: k }: Parameters<Kernels<HostArray>["arrowheadSvd"]>[0],
): void {
  // Rows of `right` hold d_j² - σ_i² until they become vectors.
  for (let i = 0; i < k; i++) values[i] = solveRoot(d, z, i, right.subarray(i * k, (i + 1) * k));
  const zHat = firstRow(d, z, right, k);
  for (let i = 0; i < k; i++) {
    const v = right.subarray(i * k, (i + 1) * k);
    const u = left.subarray(i * k, (i + 1) * k);
    for (let j = 0; j < k; j++) {
      v[j] = zHat[j] / v[j];
      u[j] = j === 0 ? -1 : d[j] * v[j];
    }
    normalize(v);
    normalize(u);
  }
}

/** Finds σ_i, and writes every d_j² - σ_i². */
function solveRoot(d: HostArray, z: HostArray, i: number, differences: HostArray): number {
  const k = differences.length;
  const isLast = i === k - 1;
  let low = 0;
  let high = 0;
  let pole = i;
  if (isLast) {
    for (const value of z) high += value * value;
  } else {
    // The sign of f halfway tells which pole is the nearer one.
    const gap = (d[i + 1] - d[i]) * (d[i + 1] + d[i]);
    let f = 1;
    for (let j = 0; j < k; j++) f += z[j] ** 2 / ((d[j] - d[i]) * (d[j] + d[i]) - gap / 2);
    if (f >= 0) high = gap / 2;
    else {
      low = -gap / 2;
      pole = i + 1;
    }
  }
  for (let j = 0; j < k; j++) differences[j] = (d[j] - d[pole]) * (d[j] + d[pole]);
  // Halfway between the poles f is known to be moderate.
  const start = isLast ? high / 2 : low + high;
  const x = k === 1 ? high : findRoot(z, i, differences, { low, high, start });
  for (let j = 0; j < k; j++) differences[j] -= x;
  return d[pole] + x / (d[pole] + Math.sqrt(d[pole] ** 2 + x));
}

/** Finds x between low and high with 1 + Σ z_j² / (Δ_j - x) = 0; f ascends there. */
function findRoot(
  z: HostArray,
  i: number,
  delta: HostArray,
  { low, high, start: x }: { low: number; high: number; start: number },
): number {
  const k = delta.length;
  // The two poles that f is interpolated with: those beside the root, or the last two.
  const first = Math.min(i, k - 2);
  for (let step = 0; step < MAX_STEPS; step++) {
    let [psi, psiSlope, phi, phiSlope] = [0, 0, 0, 0];
    for (let j = 0; j <= first; j++) {
      const t = z[j] / (delta[j] - x);
      psi += z[j] * t;
      psiSlope += t * t;
    }
    for (let j = first + 1; j < k; j++) {
      const t = z[j] / (delta[j] - x);
      phi += z[j] * t;
      phiSlope += t * t;
    }
    const f = 1 + psi + phi;
    if (Math.abs(f) <= EPSILON * k * (1 + Math.abs(psi) + Math.abs(phi))) break;
    if (f < 0) low = x;
    else high = x;
    const next = x + middleWay(f, psiSlope, phiSlope, delta[first] - x, delta[first + 1] - x);
    const inside = next > low && next < high ? next : (low + high) / 2;
    if (inside === x || inside === low || inside === high) break;
    x = inside;
  }
  return x;
}

/** The step to the root of c + s / (D - η) + S / (E - η), which agrees with f and its slopes. */
function middleWay(
  f: number,
  psiSlope: number,
  phiSlope: number,
  D: number,
  E: number,
): number {
  const slope = psiSlope + phiSlope;
  const a = (D + E) * f - D * E * slope;
  const b = D * E * f;
  const c = f - D * psiSlope - E * phiSlope;
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  // The root of c η² - a η + b between the poles, or right of both, in its stable form.
  const isBetween = E > 0;
  const step = isBetween
    ? (a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root))
    : (a >= 0 ? (a + root) / (2 * c) : 2 * b / (a - root));
  // Newton's step, where rounding has left the other one pointing the wrong way.
  return step * f < 0 ? step : -f / slope;
}

/** ẑ, of which the values found are the exact ones. */
function firstRow(d: HostArray, z: HostArray, differences: HostArray, k: number): Float64Array {
  const squares = new Float64Array(k).fill(1);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const difference = differences[i * k + j];
      const pole = d[j > i ? i : i + 1];
      squares[j] *= i === k - 1 && j <= i
        ? -difference
        : difference / ((d[j] - pole) * (d[j] + pole));
    }
  }
  return squares.map((square, j) => Math.sign(z[j]) * Math.sqrt(Math.abs(square)));
}

function normalize(x: HostArray): void {
  let squares = 0;
  for (const value of x) squares += value * value;
  const factor = 1 / Math.sqrt(squares);
  for (let j = 0; j < x.length; j++) x[j] *= factor;
}
