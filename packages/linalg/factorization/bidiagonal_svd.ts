// Singular value decomposition of a bidiagonal matrix by divide and conquer.
//
// M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Bidiagonal SVD", SIAM J. Matrix
// Anal. Appl. 16, 1995. The matrix is cut at its middle row until what is left is small enough for QR
// sweeps (`bidiagonal_leaf.ts`), and put together again (`bidiagonal_merge.ts`).
//
// Bound: ‖B - U Σ Vᵀ‖ <= c n eps ‖B‖ and U, V orthonormal to c n eps. A matrix no larger than a leaf
// has singular values with a relative error of c n eps each, as QR sweeps find them.
// Cost: 8/3 n³ in products where nothing deflates, and O(n²) for all else.

import type { Device } from "../device.ts";
import { bidiagonalLeaf } from "./bidiagonal_leaf.ts";
import { type BidiagonalPart, mergeBidiagonal } from "./bidiagonal_merge.ts";
import { put, scaleToOne } from "./matrix.ts";

/** Rows that QR sweeps are faster for. */
const LEAF = 24;

/**
 * What counts as nothing beside elements of 1 to 2: 8 units of rounding, as deflation goes on at
 * every level.
 */
const TOLERANCE = 2 ** -49;

/**
 * Decomposes the square matrix with diagonal `d` and `e` right of it.
 *
 * @param action What cannot be done if it fails, to begin the message.
 * @param outer Where to multiply, in f64.
 * @returns Values in no order; vectors are rows, on the device.
 */
export async function bidiagonalSvd(
  action: string,
  outer: Device,
  d: Float64Array,
  e: Float64Array,
): Promise<Omit<BidiagonalPart, "first" | "last">> {
  using device = outer.scope();
  const n = d.length;
  const scaled = Float64Array.of(...d, ...e);
  const factor = scaleToOne(scaled);
  const isZero = scaled.every((value) => value === 0);
  const [diagonal, beside] = [scaled.subarray(0, n), scaled.subarray(n)];

  async function decompose(first: number, count: number, isWide: boolean): Promise<BidiagonalPart> {
    if (count <= LEAF || isZero) {
      const right = first + (isWide ? count : count - 1);
      const d = diagonal.subarray(first, first + count);
      return upload(device, bidiagonalLeaf(action, d, beside.subarray(first, right)));
    }
    const middle = first + Math.floor(count / 2);
    const upper = await decompose(first, middle - first, true);
    const lower = await decompose(middle + 1, first + count - middle - 1, isWide);
    const row = [diagonal[middle], beside[middle]] as const;
    return await mergeBidiagonal(device, upper, lower, row, TOLERANCE);
  }

  const { values, left, right } = await decompose(0, n, false);
  return {
    values: values.map((value) => value / factor),
    left: device.keep(left),
    right: device.keep(right),
  };
}

/** Brings a leaf to the device. */
function upload(
  device: Device,
  { values, left, right }: ReturnType<typeof bidiagonalLeaf>,
): BidiagonalPart {
  const n = values.length;
  const m = Math.sqrt(right.length);
  return {
    values,
    left: put(device, "f64", [n, n], left),
    right: put(device, "f64", [m, m], right),
    first: Float64Array.from({ length: m }, (_, i) => right[i * m]),
    last: Float64Array.from({ length: m }, (_, i) => right[(i + 1) * m - 1]),
  };
}
