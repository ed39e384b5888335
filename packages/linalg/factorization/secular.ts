// Eigenvalues and eigenvectors of D + ρ z zᵀ, by `Device.secularVectors` or, where a device computes
// nothing in f64, by its twin on the host.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { secularVectors } from "../reference/secular_vectors.ts";
import type { Grouped } from "./deflation.ts";
import { fetch, put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/** D + ρ z zᵀ for the indices that are left, and two rows of the basis it stands in. */
export interface SecularProblem {
  readonly d: Float64Array;
  readonly z: Float64Array;
  readonly rho: number;
  /** The indices that count, one or more, by ascending d. */
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
  readonly values: Float64Array;
  /** The first element of each vector in the basis. */
  readonly first: Float64Array;
  /** The last element of each vector in the basis. */
  readonly last: Float64Array;
  /**
   * Row i is vector i, its elements in groups: `[k, upper + lower]`, as those of both halves are there
   * twice.
   */
  readonly vectors: DeviceArray;
}

/** Takes the eigenvalues and eigenvectors. */
export async function solveSecular(
  device: Device,
  dtype: MatrixDtype,
  { d, z, rho, left, grouped, first, last }: SecularProblem,
): Promise<SecularVectors> {
  const count = left.length;
  const { indices } = grouped;
  const given = new Float64Array(10 * count);
  for (let j = 0; j < count; j++) {
    given[j] = d[left[j]];
    given[count + j] = z[left[j]];
    given[2 * count + j] = d[indices[j]];
    given[3 * count + j] = z[indices[j]];
    given[4 * count + j] = first[indices[j]];
    given[5 * count + j] = last[indices[j]];
  }
  const { numbers, vectors } = device.supports("f64")
    ? await solveThere(device, dtype, given, count, rho, grouped)
    : solveHere(device, dtype, given, count, rho, grouped);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = numbers[6 * count + i] + numbers[7 * count + i];
  return {
    values,
    first: numbers.subarray(8 * count, 9 * count),
    last: numbers.subarray(9 * count),
    vectors,
  };
}

/** What comes back: all numbers, and the vectors on the device. */
interface Solved {
  readonly numbers: Float64Array;
  readonly vectors: DeviceArray;
}

async function solveThere(
  device: Device,
  dtype: MatrixDtype,
  given: Float64Array<ArrayBuffer>,
  count: number,
  rho: number,
  { upper, lower }: Grouped,
): Promise<Solved> {
  using numbers = put(device, "f64", [10, count], given);
  const vectors = device.zeros([count, upper + lower], dtype);
  device.secularVectors(numbers, rho, vectors, upper);
  return { numbers: await fetch(device, numbers), vectors };
}

function solveHere(
  device: Device,
  dtype: MatrixDtype,
  numbers: Float64Array<ArrayBuffer>,
  count: number,
  rho: number,
  { upper, lower }: Grouped,
): Solved {
  const vectors = new Float64Array(count * (upper + lower));
  secularVectors({ numbers, vectors, dtype, rho, count, upper, lower });
  return { numbers, vectors: put(device, dtype, [count, upper + lower], vectors) };
}
