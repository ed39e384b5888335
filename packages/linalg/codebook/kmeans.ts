// Codebooks by k-means: Lloyd's algorithm from well spread seeds.
//
// S. Lloyd, "Least Squares Quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982, for points x_i with
// weights w_i, until Σ w_i ‖x_i − c_a(i)‖², the inertia, hardly falls:
//
//   a(i) = argmin_j ‖x_i − c_j‖²        c_j = Σ_{a(i) = j} w_i x_i / Σ_{a(i) = j} w_i
//
// Departs from the paper: a cluster that lost all of its points begins anew at the point that adds most
// to the inertia. A step that roundings keep from lowering the inertia is not taken.
// Bound: seeds drawn one by one are within 8 (ln k + 2) of the least inertia, in expectation (see
// kmeans_seeding.ts). Cost: 2 n k length for each step, on the device, and n length on the host.

import { checkOptions, type Checks, integer, number, ShapeError, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { checkMatrix, DEVICE, toTensor } from "../factorization/matrix.ts";
import type { MatrixDtype } from "../factorization/matrix_dtype.ts";
import { withDevice } from "../with_device.ts";
import { drawSeeds } from "./kmeans_seeding.ts";
import { type NearestCodewords, nearestCodewords } from "./nearest_codewords.ts";

/** Options of {@linkcode kmeans}. */
export interface KmeansOptions {
  /** Where distances are compared; a WebAssembly device made for the call by default. */
  device?: Device;
  /** How many codewords to find. */
  clusters: number;
  /** Which random numbers choose the first ones. @default {0} */
  seed?: number;
  /** How many steps to take at most. @default {25} */
  iterations?: number;
  /** The part of the inertia that a step must save for another one to follow. @default {1e-4} */
  tolerance?: number;
  /** What each point counts, `[points]`, zero or more; 1 each by default. */
  weights?: Tensor<"f32"> | Tensor<"f64">;
}

/** What {@linkcode kmeans} finds. */
export interface Kmeans<D extends MatrixDtype = "f32"> {
  /** The codewords, `[clusters, length]`. */
  readonly codebook: Tensor<D>;
  /** The number of the codeword nearest to each point, `[points]`. */
  readonly indices: Tensor<"u32">;
  /** The weighted sum of squared distances with the first codewords, and after each step. */
  readonly inertia: readonly number[];
}

const ACTION = "Cannot cluster";
const CHECKS: Checks<KmeansOptions> = {
  device: DEVICE,
  clusters: integer(1),
  seed: integer(0),
  iterations: integer(0),
  tolerance: number(0, 1),
  weights: {
    wanted: "a tensor of f32 or f64",
    schema: {},
    test: (value) =>
      typeof value === "object" && value !== null && "dtype" in value &&
      (value.dtype === "f32" || value.dtype === "f64"),
  },
};

/**
 * Finds codewords that many points are near to.
 *
 * @example Two pairs of points
 * ```ts
 * import { kmeans } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const points = tensor(Float32Array.of(0, 2, 10, 12), [4, 1]);
 * const { codebook, inertia } = await kmeans(points, { clusters: 2 });
 * assertEquals(codebook.data.toSorted(), Float32Array.of(1, 11));
 * assertEquals(inertia.at(-1), 4);
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param points The points, `[count, length]`.
 * @param options How many codewords, and how much effort to spend.
 * @returns The codewords, and the one of each point: the same in every bit for the same options and
 * device, with any number of threads.
 * @throws {RangeError} If the points are not finite or fewer than the clusters, a weight is negative, or
 * an option is out of range.
 * @throws {TypeError} If an option is unknown, or the dtype is not f32 or f64.
 */
export async function kmeans<D extends MatrixDtype>(
  points: Tensor<D>,
  options: KmeansOptions,
): Promise<Kmeans<D>> {
  checkOptions(ACTION, options, CHECKS);
  return await withDevice(
    options.device,
    (device) => cluster(device, points, options),
    points.dtype,
  );
}

async function cluster<D extends MatrixDtype>(
  device: Device,
  points: Tensor<D>,
  options: KmeansOptions,
): Promise<Kmeans<D>> {
  const { clusters, seed = 0, iterations = 25, tolerance = 1e-4 } = options;
  const { dtype, rows, cols } = checkMatrix(ACTION, points, device);
  const weights = readWeights(options.weights, rows);
  const most = weights.reduce((count, weight) => count + Number(weight > 0), 0);
  if (clusters === undefined || clusters > most) {
    throw new RangeError(
      `${ACTION} as clusters must be an integer from 1 to ${most}, the points with a weight: ` +
        `current value is ${clusters}`,
    );
  }
  const codewordsAt = (numbers: readonly number[]) => {
    const data = new Float64Array(numbers.length * cols);
    numbers.forEach((i, j) => data.set(points.data.subarray(i * cols, (i + 1) * cols), j * cols));
    return toTensor(dtype, [numbers.length, cols], data);
  };
  const assign = (codebook: Tensor<D>) => nearestCodewords(points, codebook, { device });
  const seeds = await drawSeeds(clusters, weights, seed, {
    fromNearest: async (numbers) => (await assign(codewordsAt(numbers))).distances.data,
    between: (i, j) => squaredDistance(points.data, i, j, cols),
  });
  let codebook = codewordsAt(seeds);
  let nearest = await assign(codebook);
  const inertia = [weighted(nearest, weights)];
  for (let step = 0; step < iterations; step++) {
    const moved = toTensor(
      dtype,
      codebook.shape,
      centroids(points.data, nearest, weights, codebook),
    );
    const next = await assign(moved);
    const [before, after] = [inertia[step], weighted(next, weights)];
    if (!(after < before)) break;
    codebook = moved;
    nearest = next;
    inertia.push(after);
    if (before - after <= tolerance * before) break;
  }
  return { codebook, indices: nearest.indices, inertia };
}

function readWeights(weights: KmeansOptions["weights"], count: number): Float64Array {
  if (weights === undefined) return new Float64Array(count).fill(1);
  if (weights.shape.length !== 1 || weights.shape[0] !== count || weights.data.length !== count) {
    throw new ShapeError(ACTION, [count], weights.shape);
  }
  const bad = weights.data.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (bad >= 0) {
    throw new RangeError(
      `${ACTION} as every weight must be a finite number of 0 or more: current weight ${bad} is ` +
        `${weights.data[bad]}`,
    );
  }
  return Float64Array.from(weights.data);
}

function squaredDistance(
  points: Float32Array | Float64Array,
  i: number,
  j: number,
  cols: number,
): number {
  let squares = 0;
  for (let k = 0; k < cols; k++) squares += (points[i * cols + k] - points[j * cols + k]) ** 2;
  return squares;
}

function weighted({ distances }: NearestCodewords, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i] * distances.data[i];
  return sum;
}

/** The weighted mean of the points of each codeword; the farthest points for codewords without any. */
function centroids(
  points: Float32Array | Float64Array,
  { indices, distances }: NearestCodewords,
  weights: Float64Array,
  codebook: Tensor<MatrixDtype>,
): Float64Array<ArrayBuffer> {
  const [clusters, cols] = codebook.shape;
  const sums = new Float64Array(clusters * cols);
  const totals = new Float64Array(clusters);
  for (let i = 0, at = 0; i < weights.length; i++) {
    const weight = weights[i];
    const start = indices.data[i] * cols;
    totals[indices.data[i]] += weight;
    for (let k = start; k < start + cols; k++, at++) sums[k] += weight * points[at];
  }
  const empty: number[] = [];
  for (let j = 0; j < clusters; j++) {
    if (totals[j] === 0) empty.push(j);
    else for (let k = j * cols; k < (j + 1) * cols; k++) sums[k] /= totals[j];
  }
  const far = empty.length > 0 ? farthest(distances.data, weights, empty.length) : [];
  empty.forEach((j, n) => {
    const [source, i] = n < far.length ? [points, far[n]] : [codebook.data, j];
    sums.set(source.subarray(i * cols, (i + 1) * cols), j * cols);
  });
  return sums;
}

/** The numbers of up to `count` points that add most to the inertia. */
function farthest(distances: Float64Array, weights: Float64Array, count: number): Uint32Array {
  const shares = distances.map((distance, i) => distance * weights[i]);
  const numbers = Uint32Array.from(shares.keys()).filter((i) => shares[i] > 0);
  return numbers.sort((a, b) => shares[b] - shares[a] || a - b).subarray(0, count);
}
