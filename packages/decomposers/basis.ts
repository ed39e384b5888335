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
// Cost, m <= n: 2 m n² + m² n for the first product, 14/3 m³ at most for all of its vectors, less for
// those of the last stage, and 2 m (m - k) n for B after k of them; then the same with m - k for m.

import { type Device, type DeviceArray, downloadF64, eigh, qr } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { diagonalOf, weightedProduct, type Weighting } from "./weighting.ts";

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
  /** B = Qᵀ A, `[s, n]`; `null` for A itself, which need not lie on the device all the time. */
  readonly coordinates: DeviceArray | null;
}

async function wideBasis(
  weight: Tensor<"f64">,
  stages: readonly Stage[],
  noise: number,
  device: Device,
): Promise<Tensor<"f64">> {
  const [rows, cols] = weight.shape;
  const total = stages.reduce((sum, { rank }) => sum + rank, 0);
  using scope = device.scope();
  const basis = scope.zeros([rows, total], "f64");
  let rest: Rest | null = { space: null, coordinates: null };
  const squares = await columnSquares(scope, weight, rest);
  let end = 0;
  for (const stage of stages) {
    let col = end;
    end += stage.rank;
    for (const weighting of isPlain(stage) ? [PLAIN] : [stage, PLAIN]) {
      if (col === end || rest === null) break;
      const diagonal = diagonalOf(weighting, cols);
      const floor = noise ** 2 * dot(squares, diagonal);
      for (let round = 0; round < ROUNDS && col < end && rest !== null; round++) {
        const weighed = dot(await columnSquares(scope, weight, rest), diagonal);
        const found: Found = await leadingVectors(
          scope,
          await productOf(scope, weight, rest, weighting),
          end - col,
          end === total,
          Math.max(4 * Math.sqrt(cols) * Number.EPSILON * weighed, floor),
        );
        if (found.count === 0) break;
        const isDone = end === total && col + found.count === end;
        rest = split(scope, weight, rest, found, isDone, basis, col);
        col += found.count;
      }
    }
  }
  return await downloadF64(scope, basis);
}

function isPlain(weighting: Weighting): boolean {
  return "gram" in weighting && weighting.gram === null;
}

/** The squared norms of the columns of B. */
async function columnSquares(
  device: Device,
  weight: Tensor<"f64">,
  { coordinates }: Rest,
): Promise<Float64Array> {
  using scope = device.scope();
  const b = coordinates ?? scope.upload(weight);
  return (await downloadF64(scope, scope.reduceCols(b, "squareSum"))).data;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** B G Bᵀ, its lower triangle. */
async function productOf(
  device: Device,
  weight: Tensor<"f64">,
  { coordinates }: Rest,
  weighting: Weighting,
): Promise<Tensor<"f64">> {
  using scope = device.scope();
  const product = weightedProduct(scope, weighting, coordinates ?? scope.upload(weight));
  return await downloadF64(scope, product);
}

/** Eigenvectors of B G Bᵀ. */
interface Found {
  /** Columns of V, those of the largest values last. */
  readonly vectors: Tensor<"f64">;
  /** How many of the last ones are to be taken. */
  readonly count: number;
}

/**
 * The leading eigenvectors, as many of those wanted as are above all floors; the others too, unless
 * nothing comes after them.
 */
async function leadingVectors(
  device: Device,
  matrix: Tensor<"f64">,
  wanted: number,
  isLast: boolean,
  floor: number,
): Promise<Found> {
  const [size] = matrix.shape;
  const largest = isLast ? Math.min(wanted, size) : size;
  const { values, vectors } = await eigh(matrix, { device, largest });
  const count = Math.min(wanted, countAbove(values.data, floor));
  const needsAll = count > 0 && count < wanted && largest < size;
  return { vectors: needsAll ? (await eigh(matrix, { device })).vectors : vectors, count };
}

/** How many values, ascending, are above a floor and above their own noise. */
function countAbove(values: Float64Array, floor: number): number {
  const size = values.length;
  const least = Math.max(DIGITS * size * Number.EPSILON * values[size - 1], floor);
  const first = values.findIndex((value) => value > least);
  return first < 0 ? 0 : size - first;
}

/**
 * Writes the vectors that were found to columns of `basis` from `col` on.
 *
 * @returns The rest; `null` if there is none, or nobody asks for it.
 */
function split(
  outer: Device,
  weight: Tensor<"f64">,
  { space, coordinates }: Rest,
  { vectors, count }: Found,
  isDone: boolean,
  basis: DeviceArray,
  col: number,
): Rest | null {
  using scope = outer.scope();
  const v = scope.upload(vectors);
  const [size, width] = vectors.shape;
  const descending = Uint32Array.from({ length: count }, (_, i) => width - 1 - i);
  const indices = scope.upload({ dtype: "u32", shape: [count], data: descending });
  const taken = scope.gatherCols(v, indices);
  scope.write(basis, space ? scope.matmul(space, taken) : taken, 0, col);
  if (isDone || count === size) return null;
  const others = scope.slice(v, { cols: size - count });
  const b = coordinates ?? scope.upload(weight);
  const rest = {
    space: space ? scope.matmul(space, others) : others,
    coordinates: scope.matmul(others, b, { transposeA: true }),
  };
  // What a scope holds lives as long as it does; what is large here is better freed at once.
  space?.[Symbol.dispose]();
  coordinates?.[Symbol.dispose]();
  return { space: scope.keep(rest.space), coordinates: scope.keep(rest.coordinates) };
}
