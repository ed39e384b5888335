// What of the eigenproblem D + ρ z zᵀ needs no solving.
//
// J. Cuppen, "A Divide and Conquer Method for the Symmetric Tridiagonal Eigenproblem", Numer. Math. 36,
// 1981; J. Dongarra and D. Sorensen, "A Fully Parallel Algorithm for the Symmetric Eigenvalue Problem",
// SIAM J. Sci. Stat. Comput. 8, 1987, section 4:
//
// - Where z_j is nothing, d_j is an eigenvalue and e_j its vector.
// - Where d_i and d_j nearly agree, a rotation of e_i and e_j moves all of z_i into z_j; what it leaves
//   beside the diagonal is nothing.
//
// Nothing is what is below 8 eps times the norm. Every vector comes from the upper half, the lower half
// or, after a rotation, from both; in this order they make for two smaller products.

const EPSILON = 2 ** -53;

/** Halves that a basis vector has elements in. */
export type Halves = "upper" | "both" | "lower";

/** A rotation of two basis vectors: (x, y) becomes (c x + s y, c y - s x). */
export interface Rotation {
  readonly x: number;
  readonly y: number;
  readonly c: number;
  readonly s: number;
}

/** Basis vectors by their indices, grouped by the halves that they have elements in. */
export interface Grouped {
  /** Those of the upper half first, then of both, then of the lower half. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** How many have elements in the upper half; they come first. */
  readonly upper: number;
  /** How many have elements in the lower half; they come last. */
  readonly lower: number;
}

/** A problem without what needed no solving. */
export interface Deflated {
  /** To be applied to the basis in this order, before anything else. */
  readonly rotations: readonly Rotation[];
  /** What is left to be solved, by ascending d. */
  readonly left: Uint32Array;
  /** The same in groups. */
  readonly grouped: Grouped;
  /** What is solved, in groups. */
  readonly solved: Grouped;
}

/**
 * Finds what needs no solving.
 *
 * @param d The diagonal; changed where a rotation does.
 * @param z The weights; changed where a rotation does.
 * @param rho Not negative.
 * @param order The indices by ascending d.
 * @param upper How many of the basis vectors, the first ones, are of the upper half.
 */
export function deflate(
  d: Float64Array,
  z: Float64Array,
  rho: number,
  order: Uint32Array,
  upper: number,
): Deflated {
  let squares = 0;
  let largest = 0;
  for (let j = 0; j < d.length; j++) {
    squares += z[j] * z[j];
    largest = Math.max(largest, Math.abs(d[j]));
  }
  const norm = Math.sqrt(squares);
  const nothing = 8 * EPSILON * Math.max(largest, rho * squares);
  const halves = Array.from(d, (_, j): Halves => j < upper ? "upper" : "lower");
  const rotations: Rotation[] = [];
  const left: number[] = [];
  const solved: number[] = [];
  let last = -1;
  for (const j of order) {
    if (rho * norm * Math.abs(z[j]) <= nothing) {
      solved.push(j);
      continue;
    }
    if (last >= 0) {
      const r = Math.hypot(z[last], z[j]);
      const c = z[j] / r;
      const s = -z[last] / r;
      const [x, y] = [d[last], d[j]];
      if (Math.abs((y - x) * c * s) <= nothing) {
        rotations.push({ x: last, y: j, c, s });
        z[last] = 0;
        z[j] = r;
        d[last] = c * c * x + s * s * y;
        d[j] = s * s * x + c * c * y;
        if (halves[last] !== halves[j]) halves[last] = halves[j] = "both";
        solved.push(last);
      } else left.push(last);
    }
    last = j;
  }
  if (last >= 0) left.push(last);
  return {
    rotations,
    left: Uint32Array.from(left),
    grouped: group(left, halves),
    solved: group(solved, halves),
  };
}

function group(indices: readonly number[], halves: readonly Halves[]): Grouped {
  const of = (wanted: Halves) => indices.filter((j) => halves[j] === wanted);
  const [upper, both, lower] = [of("upper"), of("both"), of("lower")];
  return {
    indices: Uint32Array.from([...upper, ...both, ...lower]),
    upper: upper.length + both.length,
    lower: both.length + lower.length,
  };
}
