// Eigenvectors of a whole tridiagonal matrix from those of its halves, by products on the device.
//
// M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Symmetric Tridiagonal Eigenproblem",
// SIAM J. Matrix Anal. Appl. 16, 1995, section 4: what only has elements in the upper half comes before
// what has some in both, and that before the rest, so that the product with [Q_1 0; 0 Q_2] is one with
// the first and one with the last columns of U. Cost: n³, less what was solved before.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { Grouped, Rotation } from "./deflation.ts";
import { put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

/** Vectors on the device, of which row 0 is the one of index `first`. */
interface Half {
  readonly rows: DeviceArray;
  readonly first: number;
}

/** Vectors of one half, the first of them that of index `first`, after all rotations. */
function half(
  device: Device,
  dtype: MatrixDtype,
  vectors: DeviceArray,
  n: number,
  first: number,
  rotations: readonly Rotation[],
): Half {
  if (rotations.length === 0) return { rows: vectors, first };
  // A rotation with a vector of the other half gives that one elements in this half too.
  const rows = device.zeros([n, vectors.shape[1]], dtype);
  device.write(rows, vectors, first, 0);
  rotate(device, dtype, rows, rotations);
  return { rows, first: 0 };
}

/** How vectors of the whole come from those of the halves. */
export interface Merge {
  /** To be applied first. */
  readonly rotations: readonly Rotation[];
  /** Rows of U that are asked for, `[rows, upper + lower]`, or null if none is. */
  readonly secular: DeviceArray | null;
  /** What of the halves U is multiplied by. */
  readonly grouped: Grouped;
  /** What of the halves was solved before, and is asked for. */
  readonly solved: Grouped;
}

/**
 * Makes vectors of the whole: U times those of the halves, and behind them what was solved before.
 *
 * @param halves The vectors of the upper and of the lower half, as rows.
 * @returns An array of `outer`.
 */
export function mergedVectors(
  outer: Device,
  dtype: MatrixDtype,
  halves: readonly [DeviceArray, DeviceArray],
  { rotations, secular, grouped, solved }: Merge,
): DeviceArray {
  const count = secular ? secular.shape[0] : 0;
  const cut = halves[0].shape[0];
  const n = cut + halves[1].shape[0];
  const height = count + solved.indices.length;
  const rows = outer.zeros([height, n], dtype);
  const parts = [
    { vectors: halves[0], col: 0, end: "upper", from: 0, row: count },
    {
      vectors: halves[1],
      col: cut,
      end: "lower",
      from: grouped.upper,
      row: height - solved.lower,
    },
  ] as const;
  for (const { vectors, col, end, from, row } of parts) {
    using own = outer.scope();
    const basis = half(own, dtype, vectors, n, col, rotations);
    const taken = ({ indices, ...counts }: Grouped) => {
      const ids = end === "upper" ? indices.slice(0, counts.upper) : indices.slice(-counts.lower);
      for (let i = 0; i < ids.length; i++) ids[i] -= basis.first;
      return own.gatherRows(basis.rows, putIndices(own, ids));
    };
    if (secular && grouped[end] > 0) {
      const u = own.slice(secular, { col: from, cols: grouped[end] });
      own.matmul(u, taken(grouped), { into: rows, col });
    }
    if (solved[end] > 0) own.write(rows, taken(solved), row, col);
  }
  return rows;
}

function rotate(
  device: Device,
  dtype: MatrixDtype,
  basis: DeviceArray,
  rotations: readonly Rotation[],
): void {
  const { length } = rotations;
  if (length === 0) return;
  const pairs = Uint32Array.from(rotations.flatMap(({ x, y }) => [x, y]));
  const factors = Float64Array.from(rotations.flatMap(({ c, s }) => [c, s]));
  device.rotateRows(
    basis,
    device.reshape(putIndices(device, pairs), [length, 2]),
    put(device, dtype, [length, 2], factors),
  );
}

function putIndices(device: Device, data: Uint32Array<ArrayBuffer>): DeviceArray {
  return device.upload({ dtype: "u32", shape: [data.length], data });
}
