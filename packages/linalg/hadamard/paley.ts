// Hadamard matrices of small orders that are no powers of two, by Paley's two constructions.
//
// R. E. A. C. Paley, "On Orthogonal Matrices", J. Math. Phys. 12, 1933. With χ the quadratic character
// of GF(q), J[i, j] = χ(i − j), and 1 a vector of ones:
//
//   I.   q = 3 mod 4, order q + 1:       G = [[0, 1ᵀ], [-1, J]] + I
//   II.  q = 1 mod 4, order 2 (q + 1):   G = [[0, 1ᵀ], [1, J]] ⊗ [[1, 1], [1, -1]] + I ⊗ [[1, -1], [-1, -1]]
//
// Both have entries ±1 and G Gᵀ = order · I; those of the second are symmetric. Where both reach an
// order, a prime q goes before a power of a prime, and the first construction before the second.

import { primePower, quadraticCharacter } from "./quadratic_character.ts";

interface Construction {
  readonly q: number;
  readonly kind: "I" | "II";
}

/** How the matrix of an order is made; `undefined` for orders that are out of reach. */
export function paleyConstruction(order: number): Construction | undefined {
  if (order % 4 !== 0) return undefined;
  const first: Construction = { q: order - 1, kind: "I" };
  const second: Construction = { q: order / 2 - 1, kind: "II" };
  const reached = [first, second].filter(({ q, kind }) =>
    q % 4 === (kind === "I" ? 3 : 1) && primePower(q) !== undefined
  );
  return reached.find(({ q }) => primePower(q)?.[1] === 1) ?? reached[0];
}

/**
 * Makes the Hadamard matrix of an order that {@linkcode paleyConstruction} knows.
 *
 * @returns Its entries, ±1, row by row.
 */
export function paleyMatrix(order: number): Int8Array<ArrayBuffer> {
  const construction = paleyConstruction(order);
  if (!construction) {
    throw new RangeError(`Cannot make a Hadamard matrix as no construction reaches order ${order}`);
  }
  const { q, kind } = construction;
  const chi = quadraticCharacter(q);
  const border = kind === "I" ? -1 : 1;
  const core = (i: number, j: number) => {
    if (i > 0 && j > 0) return chi(i - 1, j - 1);
    return i === j ? 0 : j > 0 ? 1 : border;
  };
  const matrix = new Int8Array(order * order);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      matrix[i * order + j] = kind === "I"
        ? core(i, j) + Number(i === j)
        : entryOfSecond(core, i, j);
    }
  }
  return matrix;
}

function entryOfSecond(core: (i: number, j: number) => number, i: number, j: number): number {
  const inner = core(i >> 1, j >> 1);
  const [row, col] = [i & 1, j & 1];
  if (i >> 1 !== j >> 1) return row & col ? -inner : inner;
  return row | col ? -1 : 1;
}
