// Which singular values of a broken arrowhead are known without solving for them.
//
// M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Bidiagonal SVD", SIAM J. Matrix
// Anal. Appl. 16, 1995, section 4. In the matrix with first row z and d down the rest of its
// diagonal, d_0 = 0:
//
//   |z_j| <= tol                 value d_j, its vectors are unit vectors
//   |d_j - d_i| <= tol           a rotation of i and j on both sides makes z_i zero
//   |z_0| <= tol, d_1 <= tol     are moved away from zero
//
// Bound: each of them changes the matrix by tol at most.

/** What is left to solve, and what is known. Indices are those of d and z. */
export interface Deflation {
  /** What remains, by ascending d; index 0 first. */
  readonly kept: readonly number[];
  /** d of the kept ones, separated by more than tol / 2. */
  readonly d: Float64Array<ArrayBuffer>;
  /** z of the kept ones. */
  readonly z: Float64Array<ArrayBuffer>;
  /** Deflated by a rotation: values are those of d, vectors those after the rotations. */
  readonly rotated: readonly number[];
  /** Deflated as they were, ascending. */
  readonly passive: readonly number[];
  /** All that took part in a rotation. */
  readonly turned: readonly number[];
  /** Column b: what became of vector `turned[b]`, in terms of those before, `[turned, turned]`. */
  readonly turn: Float64Array<ArrayBuffer>;
}

/** Deflates; d[0] is 0, the others are zero or more, in any order. */
export function deflateArrowhead(
  d: Float64Array<ArrayBuffer>,
  z: Float64Array<ArrayBuffer>,
  tolerance: number,
): Deflation {
  const rest = z.slice();
  rest[0] = Math.abs(z[0]) > tolerance ? z[0] : tolerance;
  const order = Uint32Array.from(d.keys()).subarray(1).sort((i, j) => d[i] - d[j] || i - j);
  const kept = [0];
  const rotated: number[] = [];
  const passive: number[] = [];
  const rotations: Rotation[] = [];
  for (const j of order) {
    if (Math.abs(rest[j]) <= tolerance) {
      passive.push(j);
      continue;
    }
    const i = kept[kept.length - 1];
    if (i > 0 && d[j] - d[i] <= tolerance) {
      const r = Math.hypot(rest[i], rest[j]);
      rotations.push({ i, j, c: rest[j] / r, s: -rest[i] / r });
      rest[j] = r;
      rotated.push(i);
      kept.pop();
    }
    kept.push(j);
  }
  const keptD = Float64Array.from(kept, (j) => d[j]);
  if (keptD.length > 1) keptD[1] = Math.max(keptD[1], tolerance / 2);
  const turned = [...new Set(rotations.flatMap(({ i, j }) => [i, j]))];
  return {
    kept,
    d: keptD,
    z: Float64Array.from(kept, (j) => rest[j]),
    rotated,
    passive: passive.sort((i, j) => i - j),
    turned,
    turn: turnOf(turned, rotations),
  };
}

/** Vectors i and j become c i + s j and c j - s i. */
interface Rotation {
  readonly i: number;
  readonly j: number;
  readonly c: number;
  readonly s: number;
}

function turnOf(
  turned: readonly number[],
  rotations: readonly Rotation[],
): Float64Array<ArrayBuffer> {
  const size = turned.length;
  const places = new Map(turned.map((index, place) => [index, place]));
  const turn = new Float64Array(size * size);
  for (let b = 0; b < size; b++) turn[b * size + b] = 1;
  for (const { i, j, c, s } of rotations) {
    const [x, y] = [places.get(i) ?? 0, places.get(j) ?? 0];
    for (let row = 0; row < size * size; row += size) {
      const [a, b] = [turn[row + x], turn[row + y]];
      turn[row + x] = c * a + s * b;
      turn[row + y] = c * b - s * a;
    }
  }
  return turn;
}
