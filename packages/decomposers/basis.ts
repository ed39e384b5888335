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

import { type Device, type DeviceArray, downloadF64, eighRows, qrRows } from "@pare/linalg";
import type { Tensor } from "@pare/tensor";
import { type HostMatrix, uploadF64 } from "./upload_f64.ts";
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
/** Rows of a matrix that are transposed at a time. */
const UPLOADED_ROWS = 512;
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
  weight: HostMatrix,
  stages: readonly Stage[],
  device: Device,
): Promise<Tensor<"f64">> {
  const [rows, cols] = weight.shape;
  // What a product with orthonormal factors leaves of a column that should have become zero.
  const noise = 4 * (Math.max(rows, cols) + 4) * Number.EPSILON;
  if (rows <= cols) return await wideBasis(weight, stages, noise, device);
  using scope = device.scope();
  const { r, timesQ } = qrRows(scope, uploadTransposed(scope, weight));
  const core = await downloadF64(scope, r);
  r[Symbol.dispose]();
  const inner = await wideBasis(core, stages, noise, device);
  using vectors = timesQ(scope.transpose(scope.upload(inner)));
  return await downloadF64(scope, scope.transpose(vectors));
}

/** Uploads Aᵀ by blocks, so that no second matrix of its size is made on the way. */
function uploadTransposed(
  outer: Device,
  { dtype, shape: [rows, cols], data }: HostMatrix,
): DeviceArray {
  const columns = outer.zeros([cols, rows], "f64");
  for (let row = 0; row < rows; row += UPLOADED_ROWS) {
    using device = outer.scope();
    const count = Math.min(UPLOADED_ROWS, rows - row);
    const block = data.subarray(row * cols, (row + count) * cols);
    const uploaded = uploadF64(device, { dtype, shape: [count, cols], data: block } as HostMatrix);
    device.write(columns, device.transpose(uploaded), 0, row);
  }
  return columns;
}

/** What is not chosen yet. */
interface Rest {
  /** Qᵀ, orthonormal rows `[s, m]`; `null` for the identity. */
  readonly space: DeviceArray | null;
  /** B = Qᵀ A, `[s, n]`; `null` for A itself, which need not lie on the device all the time. */
  readonly coordinates: DeviceArray | null;
}

async function wideBasis(
  weight: HostMatrix,
  stages: readonly Stage[],
  noise: number,
  device: Device,
): Promise<Tensor<"f64">> {
  const [rows, cols] = weight.shape;
  const total = stages.reduce((sum, { rank }) => sum + rank, 0);
  using scope = device.scope();
  const basis = new Float64Array(rows * total);
  let rest: Rest | null = { space: null, coordinates: null };
  const squares = await columnSquares(scope, weight, rest);
  let squaresOfRest = squares;
  let end = 0;
  for (const stage of stages) {
    let col = end;
    end += stage.rank;
    for (const weighting of isPlain(stage) ? [PLAIN] : [stage, PLAIN]) {
      if (col === end || rest === null) break;
      const diagonal = diagonalOf(weighting, cols);
      const floor = noise ** 2 * dot(squares, diagonal);
      for (let round = 0; round < ROUNDS && col < end && rest !== null; round++) {
        const current: Rest = rest;
        const weighed = dot(squaresOfRest, diagonal);
        const found = await leadingVectors(
          scope,
          () => productOf(scope, weight, current, weighting),
          end - col,
          end === total,
          Math.max(4 * Math.sqrt(cols) * Number.EPSILON * weighed, floor),
        );
        if (found === null) break;
        await writeLeading(scope, current, found, basis, total, col);
        col += found.count;
        rest = col === total ? null : complementOf(scope, weight, current, found);
        if (rest) squaresOfRest = await columnSquares(scope, weight, rest);
      }
    }
  }
  return { dtype: "f64", shape: [rows, total], data: basis };
}

function isPlain(weighting: Weighting): boolean {
  return "gram" in weighting && weighting.gram === null;
}

/** The squared norms of the columns of B. */
async function columnSquares(
  device: Device,
  weight: HostMatrix,
  { coordinates }: Rest,
): Promise<Float64Array> {
  using scope = device.scope();
  const b = coordinates ?? uploadF64(scope, weight);
  return (await downloadF64(scope, scope.reduceCols(b, "squareSum"))).data;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** B G Bᵀ, its lower triangle. */
function productOf(
  device: Device,
  weight: HostMatrix,
  { coordinates }: Rest,
  weighting: Weighting,
): DeviceArray {
  if (coordinates) return weightedProduct(device, weighting, coordinates);
  using whole = uploadF64(device, weight);
  return weightedProduct(device, weighting, whole);
}

/** Eigenvectors of B G Bᵀ. */
interface Found {
  /** Vᵀ, or its last rows: those of the largest values last. */
  readonly vectors: DeviceArray;
  /** How many of the last ones are to be taken, 1 or more. */
  readonly count: number;
}

/**
 * The leading eigenvectors, as many of those wanted as are above all floors, or `null` if none is; the
 * others too, unless nothing comes after them.
 */
async function leadingVectors(
  device: Device,
  product: () => DeviceArray,
  wanted: number,
  isLast: boolean,
  floor: number,
): Promise<Found | null> {
  const matrix = product();
  const [size] = matrix.shape;
  const largest = isLast ? Math.min(wanted, size) : size;
  const { values, vectors } = await eighRows(device, matrix, { largest });
  const count = Math.min(wanted, countAbove(values, floor));
  if (vectors && count > 0 && (count === wanted || largest === size)) return { vectors, count };
  vectors?.[Symbol.dispose]();
  if (count === 0) return null;
  const all = await eighRows(device, product());
  return all.vectors && { vectors: all.vectors, count };
}

/** How many values, ascending, are above a floor and above their own noise. */
function countAbove(values: Float64Array, floor: number): number {
  const size = values.length;
  const least = Math.max(DIGITS * size * Number.EPSILON * values[size - 1], floor);
  const first = values.findIndex((value) => value > least);
  return first < 0 ? 0 : size - first;
}

/** Writes the vectors that were found to columns from `col` on of a basis of `width` columns. */
async function writeLeading(
  device: Device,
  { space }: Rest,
  { vectors, count }: Found,
  basis: Float64Array,
  width: number,
  col: number,
): Promise<void> {
  using scope = device.scope();
  const last = vectors.shape[0] - 1;
  const descending = Uint32Array.from({ length: count }, (_, i) => last - i);
  const indices = scope.upload({ dtype: "u32", shape: [count], data: descending });
  const taken = scope.gatherRows(vectors, indices);
  const lifted = space
    ? scope.matmul(space, taken, { transposeA: true, transposeB: true })
    : scope.transpose(taken);
  const { data } = await downloadF64(scope, lifted);
  for (let from = 0, to = col; from < data.length; from += count, to += width) {
    basis.set(data.subarray(from, from + count), to);
  }
}

/** What is left without the vectors that were found, which are freed; `null` if that is nothing. */
function complementOf(
  device: Device,
  weight: HostMatrix,
  { space, coordinates }: Rest,
  { vectors, count }: Found,
): Rest | null {
  const [size] = vectors.shape;
  if (count === size) return null;
  using scope = device.scope();
  const others = scope.slice(vectors, { rows: size - count });
  // What a scope holds lives as long as it does; what is large here is better freed at once.
  vectors[Symbol.dispose]();
  const rest = {
    space: space ? device.matmul(others, space) : scope.keep(others),
    coordinates: device.matmul(others, coordinates ?? uploadF64(scope, weight)),
  };
  space?.[Symbol.dispose]();
  coordinates?.[Symbol.dispose]();
  return rest;
}
