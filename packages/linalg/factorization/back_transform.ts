// From eigenvectors of the tridiagonal matrix to those of the matrix it was made of.
//
// R. Schreiber and C. Van Loan, "A Storage-Efficient WY Representation for Products of Householder
// Transformations", SIAM J. Sci. Stat. Comput. 10, 1989. A = Q T Qᵀ with Q = H_{n-1} … H_1, and rows of
// X are eigenvectors of T, so that those of A are the rows of X H_1 H_2 … H_{n-1}, block by block:
//
//   X -= ((X Vᵀ) T) V
//
// Rows of V are what `tridiagonalize` left of the matrix. Vector i ends before element i, so that a
// block only reaches the first columns. Blocks are as wide as makes products fast, whatever the width
// of the panels: T is made anew, from V Vᵀ. Cost: 2 n³.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { fetch, put } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";
import { triangularFactor } from "./triangular_factor.ts";

/** Reflectors of a block. */
const BLOCK = 64;

/** A block of reflectors on the device. */
export interface ReflectorBlock {
  /** V, `[count, cols]`. */
  readonly v: DeviceArray;
  /** T, `[count, count]`. */
  readonly t: DeviceArray;
}

/**
 * Makes the blocks of the reflectors that `tridiagonalize` made.
 *
 * @param vectors The matrix whose row i holds the vector of reflector i.
 * @param factors The n numbers τ.
 */
export async function reflectorBlocks(
  device: Device,
  dtype: MatrixDtype,
  vectors: DeviceArray,
  factors: Float64Array,
): Promise<ReflectorBlock[]> {
  using scope = device.scope();
  const n = factors.length;
  const products = scope.zeros([n, BLOCK], dtype);
  const blocks: { first: number; count: number; v: DeviceArray }[] = [];
  for (let first = 0; first < n; first += BLOCK) {
    const count = Math.min(BLOCK, n - first);
    // A block of the first row alone has nothing to reflect.
    if (first + count < 2) continue;
    const v = device.slice(vectors, { row: first, rows: count, cols: first + count - 1 });
    scope.write(products, scope.matmul(v, v, { transposeB: true }), first, 0);
    blocks.push({ first, count, v });
  }
  const host = await fetch(scope, products);
  return blocks.map(({ first, count, v }) => {
    const own = new Float64Array(count * count);
    for (let i = 0; i < count; i++) {
      const start = (first + i) * BLOCK;
      own.set(host.subarray(start, start + count), i * count);
    }
    const t = triangularFactor(own, factors.subarray(first, first + count));
    return { v, t: put(device, dtype, [count, count], t) };
  });
}

/** Applies all blocks to the rows of `x` from the right, in place. */
export function applyReflectors(
  device: Device,
  blocks: readonly ReflectorBlock[],
  x: DeviceArray,
): void {
  for (const { v, t } of blocks) {
    using scope = device.scope();
    const reached = scope.slice(x, { cols: v.shape[1] });
    const products = scope.matmul(scope.matmul(reached, v, { transposeB: true }), t);
    scope.matmul(products, v, { alpha: -1, into: x });
  }
}
