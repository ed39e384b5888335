// Orthonormal bases of the columns of a matrix, chosen stage by stage under a weighting each.
//
// Stage i takes the r_i leading left singular vectors of what the stages before it left of A, under
// the weighting G_i; so NSVD nests plain SVD in activation-aware SVD (J. Lu et al., "Large Language
// Model Compression via the Nested Activation-Aware Decomposition", 2025, arXiv:2503.17101). Here
// no remainder A - U Uᵀ A is formed: Q spans what is orthogonal to all that was chosen, Q = I at
// first, and each stage is an eigenproblem in its coordinates B, smaller than the one before:
//
//   B = Qᵀ A    B G Bᵀ = V Λ Vᵀ, Λ descending    U = Q V[:, :r]    Q <- Q V[:, r:]
//
// Of more rows than columns, A = Q_A R is factorized first, and U = Q_A U', U' that of R.
//
// Λ holds squares, so that eigenvectors of small λ are rounding errors of the large ones. Only those
// above a floor are taken; what is left is then solved again without the large ones, which gives it
// its digits back, until it is nothing but noise of A, or of G: an entry of G is known to ε of
// √(G_jj G_kk), and B G Bᵀ to about √n ε ‖B D^(1/2)‖_F², D the diagonal of G. What a stage still
// lacks then is chosen unweighted, and what A has no more of are columns of zeros.
//
// Bound: ‖UᵀU - I‖ <= c n^1.5 ε, and so U_iᵀ U_j = 0 between stages (T7 of the family). The loss of
// stage i is the tail of Λ, but for √(n ε / 2^10) of what it weighs in all: an eigenvector of λ is off
// by n ε λ₁ / λ, which costs the root of λ as often, and λ is 2^10 n ε λ₁ at least.
// Cost, m <= n: 2 m n² + m² n for the first product, 16/3 m³ for its vectors, 2 m (m - k) n for B
// after k of them; then the same with m - k for m.

import { type Device, type DeviceArray, downloadF64, eigh, qr } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { bindWeighting, type BoundWeighting, type Weighting } from "./weighting.ts";

/** How many vectors to choose, and under which weighting. */
export type Stage = Weighting & {
  /** How many, 0 or more. */
  readonly rank: number;
};

/** Eigenvalues are off by about n ε λ₁: those taken have three digits. */
const DIGITS = 2 ** 10;
/**
 * How often a stage is solved again; each time gains all digits but those three, so that what would
 * go on is noise.
 */
const ROUNDS = 8;
const PLAIN: Weighting = { gram: null };

/**
 * Chooses an orthonormal basis stage by stage.
 *
 * @param weight A, `[m, n]`, finite.
 * @param stages What to choose; Σ rank of 1 or more.
 * @param device Where it is computed; it has f64.
 * @returns U = [U₁ U₂ …], `[m, Σ rank]`: orthonormal columns, those of zeros aside that stand at the
 * end of a stage once A has no more.
 */
export async function nestedBasis(
  weight: Tensor<"f64">,
  stages: readonly Stage[],
  device: Device,
): Promise<Tensor<"f64">> {
  const [rows, cols] = weight.shape;
  // What a product with orthonormal factors leaves of a column that should have become zero.
  const noise = 4 * (Math.max(rows, cols) + 4) * Number.EPSILON;
  if (rows <= cols) return await wideBasis(weight, stages, noise, device);
  const { q, r } = await qr(weight, { device });
  const inner = await wideBasis(r, stages, noise, device);
  using scope = device.scope();
  return await downloadF64(scope, scope.matmul(scope.upload(q), scope.upload(inner)));
}

/** What is not chosen yet. */
interface Rest {
  /** Q, orthonormal columns `[m, s]`; `null` for the identity. */
  readonly space: DeviceArray | null;
  /** B = Qᵀ A, `[s, n]`. */
  readonly coordinates: DeviceArray;
}

async function wideBasis(
  weight: Tensor<"f64">,
  stages: readonly Stage[],
  noise: number,
  device: Device,
): Promise<Tensor<"f64">> {
  const [rows, cols] = weight.shape;
  using scope = device.scope();
  const basis = scope.zeros([rows, stages.reduce((sum, { rank }) => sum + rank, 0)], "f64");
  let rest: Rest | null = { space: null, coordinates: scope.upload(weight) };
  const squares = await columnSquares(scope, rest.coordinates);
  let end = 0;
  for (const stage of stages) {
    let col = end;
    end += stage.rank;
    for (const weighting of isPlain(stage) ? [PLAIN] : [stage, PLAIN]) {
      if (col === end || rest === null) break;
      using own = scope.scope();
      const bound = bindWeighting(own, weighting, cols);
      const floor = noise ** 2 * dot(squares, bound.diagonal);
      for (let round = 0; round < ROUNDS && col < end && rest !== null; round++) {
        const found = await leadingVectors(own, rest.coordinates, bound, end - col, floor);
        if (found.count === 0) break;
        rest = split(scope, rest, found, basis, col);
        col += found.count;
      }
    }
  }
  return await downloadF64(scope, basis);
}

function isPlain(weighting: Weighting): boolean {
  return "gram" in weighting && weighting.gram === null;
}

/** The squared norms of the columns. */
async function columnSquares(device: Device, matrix: DeviceArray): Promise<Float64Array> {
  using squares = device.reduceCols(matrix, "squareSum");
  return (await downloadF64(device, squares)).data;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** Eigenvectors of B G Bᵀ. */
interface Found {
  /** V, `[s, s]`, those of the largest values last. */
  readonly vectors: Tensor<"f64">;
  /** How many of the last ones are to be taken. */
  readonly count: number;
}

/** The leading eigenvectors of B G Bᵀ, as many of those wanted as are above all floors. */
async function leadingVectors(
  device: Device,
  b: DeviceArray,
  weighting: BoundWeighting,
  wanted: number,
  floor: number,
): Promise<Found> {
  using scope = device.scope();
  const [size, cols] = b.shape;
  const weighed = dot(await columnSquares(scope, b), weighting.diagonal);
  const known = 4 * Math.sqrt(cols) * Number.EPSILON * weighed;
  const matrix = await downloadF64(scope, weighting.product(scope, b));
  const { values, vectors } = await eigh(matrix, { device });
  const largest = values.data[size - 1];
  const least = Math.max(DIGITS * size * Number.EPSILON * largest, known, floor);
  const taken = size - values.data.findIndex((value) => value > least);
  return { vectors, count: largest > least ? Math.min(wanted, taken) : 0 };
}

/** Writes the vectors that were found to columns of `basis` from `col` on, and returns the rest. */
function split(
  outer: Device,
  { space, coordinates }: Rest,
  { vectors, count }: Found,
  basis: DeviceArray,
  col: number,
): Rest | null {
  using scope = outer.scope();
  const v = scope.upload(vectors);
  const [size] = vectors.shape;
  const descending = Uint32Array.from({ length: count }, (_, i) => size - 1 - i);
  const taken = scope.gatherCols(
    v,
    scope.upload({ dtype: "u32", shape: [count], data: descending }),
  );
  scope.write(basis, space ? scope.matmul(space, taken) : taken, 0, col);
  if (count === size) return null;
  const others = outer.slice(v, { cols: size - count });
  const rest = {
    space: space ? outer.matmul(space, others) : others,
    coordinates: outer.matmul(others, coordinates, { transposeA: true }),
  };
  // What a scope holds lives as long as it does; the largest arrays here are better freed at once.
  if (space) others[Symbol.dispose]();
  space?.[Symbol.dispose]();
  coordinates[Symbol.dispose]();
  return rest;
}
