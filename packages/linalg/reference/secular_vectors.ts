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

import type { HostArray } from "../kernels.ts";
import type { SecularVectorsParams } from "../step_kernels.ts";
import { secularRoots } from "./secular_equation.ts";

/** Takes the eigenvalues and eigenvectors. */
export function secularVectors(p: SecularVectorsParams<HostArray>): void {
  const { count, rho, vectors, upper, lower } = p;
  const numbers = p.numbers as Float64Array;
  const row = (i: number) => numbers.subarray(i * count, (i + 1) * count);
  const [poles, weights, ownPoles, ownWeights, first, last] = [0, 1, 2, 3, 4, 5].map(row);
  const [origins, offsets, newFirst, newLast] = [6, 7, 8, 9].map(row);
  secularRoots(poles, weights, rho, origins, offsets);
  makeExact(poles, origins, offsets, ownPoles, ownWeights);
  const u = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const pole = origins[i];
    const offset = offsets[i];
    let squares = 0;
    let sumFirst = 0;
    let sumLast = 0;
    for (let j = 0; j < count; j++) {
      const value = ownWeights[j] / (ownPoles[j] - pole - offset);
      u[j] = value;
      squares += value * value;
      sumFirst += value * first[j];
      sumLast += value * last[j];
    }
    const norm = Math.sqrt(squares);
    newFirst[i] = sumFirst / norm;
    newLast[i] = sumLast / norm;
    for (let j = 0; j < count; j++) u[j] /= norm;
    const at = i * (upper + lower);
    vectors.set(u.subarray(0, upper), at);
    vectors.set(u.subarray(count - lower), at + upper);
  }
}

/** Replaces weights, of poles in an order of their own, by those that the roots are exact for. */
function makeExact(
  poles: Float64Array,
  origins: Float64Array,
  offsets: Float64Array,
  ownPoles: Float64Array,
  ownWeights: Float64Array,
): void {
  const count = poles.length;
  const products = new Float64Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    const own = poles[i];
    const pole = origins[i];
    const offset = offsets[i];
    for (let j = 0; j < count; j++) {
      const distance = pole - ownPoles[j] + offset;
      products[j] *= own === ownPoles[j] ? distance : distance / (own - ownPoles[j]);
    }
  }
  for (let j = 0; j < count; j++) {
    const size = Math.sqrt(Math.abs(products[j]));
    ownWeights[j] = ownWeights[j] < 0 ? -size : size;
  }
}
