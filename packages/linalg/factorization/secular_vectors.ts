// Eigenvectors of a diagonal matrix plus one of rank one, D + ρ z zᵀ.
//
// M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Symmetric Tridiagonal Eigenproblem",
// SIAM J. Matrix Anal. Appl. 16, 1995, section 3: the roots λ of the secular equation, as they were
// found, are the exact ones for other weights ẑ nearby (Löwner's formula), and with these the vectors
// are orthogonal however close the roots are:
//
//   ẑ_j² = (λ_j - d_j) Π_{i≠j} (λ_i - d_j) / (d_i - d_j)    u_i = (ẑ_j / (d_j - λ_i))_j / ‖…‖
//
// but for a factor common to all ẑ. Bound: ‖UᵀU - I‖ <= c k eps. Cost: 2 k² divisions.

import type { Grouped } from "./deflation.ts";
import { type SecularRoots, secularRoots } from "./secular_equation.ts";

/** D + ρ z zᵀ for the indices that are left, and two rows of the basis it stands in. */
export interface SecularProblem {
  readonly d: Float64Array;
  readonly z: Float64Array;
  readonly rho: number;
  /** The indices that count, by ascending d. */
  readonly left: Uint32Array;
  /** The same in groups. */
  readonly grouped: Grouped;
  /** The first element of each basis vector. */
  readonly first: Float64Array;
  /** The last element of each basis vector. */
  readonly last: Float64Array;
}

/** The k eigenvalues, ascending, and their vectors. */
export interface SecularVectors {
  readonly values: Float64Array<ArrayBuffer>;
  /** Rows of vectors: their elements of the upper half and of both, `[k, grouped.upper]`. */
  readonly upper: Float64Array<ArrayBuffer>;
  /** Their elements of both and of the lower half, `[k, grouped.lower]`. */
  readonly lower: Float64Array<ArrayBuffer>;
  /** The first element of each vector in the basis. */
  readonly first: Float64Array<ArrayBuffer>;
  /** The last element of each vector in the basis. */
  readonly last: Float64Array<ArrayBuffer>;
}

/** Takes the eigenvalues and eigenvectors. */
export function solveSecular(problem: SecularProblem): SecularVectors {
  const { d, z, rho, left, grouped } = problem;
  const count = left.length;
  const poles = picked(d, left);
  const roots = secularRoots(poles, picked(z, left), rho);
  const exact = exactWeights(poles, roots);
  // From here on in the order of the groups.
  const weights = new Float64Array(d.length);
  for (let j = 0; j < count; j++) weights[left[j]] = z[left[j]] < 0 ? -exact[j] : exact[j];
  const { indices, upper, lower } = grouped;
  const ends = { first: picked(problem.first, indices), last: picked(problem.last, indices) };
  const vectors = {
    values: new Float64Array(count),
    upper: new Float64Array(count * upper),
    lower: new Float64Array(count * lower),
    first: new Float64Array(count),
    last: new Float64Array(count),
  };
  const own = { d: picked(d, indices), z: picked(weights, indices) };
  const u = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const pole = poles[roots.origins[i]];
    const offset = roots.offsets[i];
    vectors.values[i] = pole + offset;
    let [squares, first, last] = [0, 0, 0];
    for (let j = 0; j < count; j++) {
      const value = own.z[j] / (own.d[j] - pole - offset);
      u[j] = value;
      squares += value * value;
      first += value * ends.first[j];
      last += value * ends.last[j];
    }
    const norm = Math.sqrt(squares);
    vectors.first[i] = first / norm;
    vectors.last[i] = last / norm;
    for (let j = 0; j < count; j++) u[j] /= norm;
    vectors.upper.set(u.subarray(0, upper), i * upper);
    vectors.lower.set(u.subarray(count - lower), i * lower);
  }
  return vectors;
}

/** The weights |ẑ| that the roots are exact for, but for a common factor. */
function exactWeights(d: Float64Array, { origins, offsets }: SecularRoots): Float64Array {
  const count = d.length;
  const products = new Float64Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    const pole = d[origins[i]];
    const own = d[i];
    const offset = offsets[i];
    for (let j = 0; j < i; j++) products[j] *= (pole - d[j] + offset) / (own - d[j]);
    products[i] *= pole - own + offset;
    for (let j = i + 1; j < count; j++) products[j] *= (pole - d[j] + offset) / (own - d[j]);
  }
  for (let j = 0; j < count; j++) products[j] = Math.sqrt(Math.abs(products[j]));
  return products;
}

/** Takes numbers in the given order. */
export function picked(values: Float64Array, indices: Uint32Array): Float64Array<ArrayBuffer> {
  const taken = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]];
  return taken;
}
