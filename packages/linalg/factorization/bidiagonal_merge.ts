// The singular value decomposition of a bidiagonal matrix from those of its two halves.
//
// M. Gu and S. Eisenstat, "A Divide-and-Conquer Algorithm for the Bidiagonal SVD", SIAM J. Matrix
// Anal. Appl. 16, 1995, sections 2 and 4. Without its middle row, (α, β) at the last column of the
// upper half and the first of the lower, the matrix is two smaller ones with one more column than
// rows; with their decompositions, λ the last row of V₁ and φ the first row of V₂,
//
//   B = [0 U₁ 0; 1 0 0; 0 0 U₂] · M · [V₁ 0; 0 V₂]ᵀ    z = (r, α λ, β φ)    M = [zᵀ; 0 d₁ d₂]
//
// where r = √((α λ_null)² + (β φ_null)²) belongs to (c null₁, s null₂) = (α λ_null, β φ_null) / r,
// and (-s null₁, c null₂) spans the null space of the whole. `deflate_arrowhead.ts` takes from M
// what needs no work, `Device.arrowheadSvd` decomposes the rest. U₁ and U₂ only meet their own rows
// of the vectors of M, so that each side takes two products with half as many rows.
// Vectors are rows here, so that they are picked as they lie.
// Cost: 2 k² n on either side, k <= n what remains of M.

import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { deflateArrowhead, type Deflation } from "./deflate_arrowhead.ts";
import { fetch, put } from "./matrix.ts";

/** The decomposition of a bidiagonal matrix `[n, m]`, m = n or n + 1, with vectors on a device. */
export interface BidiagonalPart {
  /** Zero or more, in the order of the vectors. */
  readonly values: Float64Array<ArrayBuffer>;
  /** Rows are the left vectors, `[n, n]`. */
  readonly left: DeviceArray;
  /** Rows are the right vectors, `[m, m]`; row n, if there is one, spans the null space. */
  readonly right: DeviceArray;
  /** The first element of each right vector. */
  readonly first: Float64Array<ArrayBuffer>;
  /** The last element of each right vector. */
  readonly last: Float64Array<ArrayBuffer>;
}

/**
 * Merges two halves, and frees their vectors.
 *
 * @param outer Where the vectors are.
 * @param upper The rows before the middle one, with one column more.
 * @param lower The rows after it.
 * @param middle The diagonal element of the middle row, and the one right of it.
 * @param tolerance What counts as nothing.
 */
export async function mergeBidiagonal(
  outer: Device,
  upper: BidiagonalPart,
  lower: BidiagonalPart,
  [alpha, beta]: readonly [number, number],
  tolerance: number,
): Promise<BidiagonalPart> {
  using device = outer.scope();
  const above = upper.values.length;
  const below = lower.values.length;
  const n = above + 1 + below;
  const isWide = lower.first.length > below;
  const z = new Float64Array(n);
  for (let j = 0; j < above; j++) z[1 + j] = alpha * upper.last[j];
  for (let j = 0; j < below; j++) z[1 + above + j] = beta * lower.first[j];
  const nulls = [alpha * upper.last[above], isWide ? beta * lower.first[below] : 0];
  z[0] = Math.hypot(...nulls);
  const [c, s] = z[0] === 0 ? [1, 0] : [nulls[0] / z[0], nulls[1] / z[0]];
  const known = Float64Array.of(0, ...upper.values, ...lower.values);
  const deflation = deflateArrowhead(known, z, tolerance);
  const vectors = device.arrowheadSvd(
    put(device, "f64", [deflation.d.length], deflation.d),
    put(device, "f64", [deflation.z.length], deflation.z),
  );
  const groups = groupsOf(deflation, above);

  const left = device.zeros([n, n], "f64");
  const leftTerms = termsOf(device, deflation, vectors.left, []);
  multiplyHalf(device, left, 0, upper.left, leftTerms, groups.upper, null);
  multiplyHalf(device, left, above + 1, lower.left, leftTerms, groups.lower, null);
  device.write(left, device.slice(leftTerms.array, { cols: 1 }), 0, above);

  const width = isWide ? n + 1 : n;
  const right = device.zeros([width, width], "f64");
  const rightTerms = termsOf(device, deflation, vectors.right, [c, s]);
  multiplyHalf(device, right, 0, upper.right, rightTerms, groups.upper, 0);
  multiplyHalf(device, right, above + 1, lower.right, rightTerms, groups.lower, isWide ? 1 : null);
  if (isWide) {
    device.write(right, device.scale(device.slice(upper.right, { row: above }), -s), n, 0);
    device.write(right, device.scale(device.slice(lower.right, { row: below }), c), n, above + 1);
  }
  for (const array of [upper.left, upper.right, lower.left, lower.right]) array[Symbol.dispose]();
  const values = new Float64Array(n);
  values.set(await fetch(device, vectors.values));
  const deflated = [...deflation.rotated, ...deflation.passive];
  for (const [i, j] of deflated.entries()) values[n - deflated.length + i] = known[j];
  return {
    values,
    left: device.keep(left),
    right: device.keep(right),
    first: await fetch(device, device.slice(right, { cols: 1 })),
    last: await fetch(device, device.slice(right, { col: width - 1 })),
  };
}

/** The vectors of one half, as rows of its own matrices: which of them, and where they go. */
interface Group {
  /** Those that the products take, numbered within the half. */
  readonly active: readonly number[];
  /** Where their coefficients stand among the terms. */
  readonly terms: readonly number[];
  /** Those that are copied. */
  readonly passive: readonly number[];
  /** The row that the first of these is copied to. */
  readonly passiveRow: number;
}

function groupsOf(
  { kept, rotated, passive, turned }: Deflation,
  above: number,
): { upper: Group; lower: Group } {
  const active = [...kept, ...rotated];
  const places = new Map(active.map((index, place) => [index, place]));
  for (const [place, index] of turned.entries()) places.set(index, active.length + place);
  const half = (isHere: (index: number) => boolean, first: number, passiveRow: number): Group => {
    const own = active.filter((index) => index > 0 && isHere(index));
    return {
      active: own.map((index) => index - first),
      terms: own.map((index) => places.get(index) ?? 0),
      passive: passive.filter(isHere).map((index) => index - first),
      passiveRow,
    };
  };
  // Passive vectors stand behind the others, in ascending order: the upper half's first.
  const upper = half((index) => index <= above, 1, active.length);
  const lower = half((index) => index > above, above + 1, active.length + upper.passive.length);
  return { upper, lower };
}

/** Coefficients of the new vectors, one vector a row. */
interface Terms {
  /** Of the kept, of the rotated; then of the turned before they were; then of the null vectors. */
  readonly array: DeviceArray;
  /** Where those of the null vectors begin. */
  readonly nulls: number;
}

/** Puts the coefficients together: the vectors of M, unit vectors, and what they mean before M. */
function termsOf(
  device: Device,
  { kept, rotated, turned, turn }: Deflation,
  vectors: DeviceArray,
  nulls: readonly number[],
): Terms {
  const count = kept.length + rotated.length;
  const size = turned.length;
  if (size + nulls.length === 0) return { array: vectors, nulls: count };
  const array = device.zeros([count, count + size + nulls.length], "f64");
  device.write(array, vectors, 0, 0);
  if (size > 0) {
    const units = new Float64Array(rotated.length ** 2);
    for (let i = 0; i < rotated.length; i++) units[i * rotated.length + i] = 1;
    const corner = put(device, "f64", [rotated.length, rotated.length], units);
    device.write(array, corner, kept.length, kept.length);
    const places = new Map([...kept, ...rotated].map((index, place) => [index, place]));
    const indices = indicesOf(device, turned.map((index) => places.get(index) ?? 0));
    const before = put(device, "f64", [size, size], turn);
    const after = device.gatherCols(array, indices);
    device.matmul(after, before, { transposeB: true, into: array, col: count });
  }
  if (nulls.length > 0) {
    const shares = put(device, "f64", [1, nulls.length], Float64Array.from(nulls));
    const own = device.slice(array, { cols: 1 });
    device.matmul(own, shares, { into: array, col: count + size });
  }
  return { array, nulls: count + size };
}

/** Writes the columns of one half: the products of its vectors, and those that are copied. */
function multiplyHalf(
  outer: Device,
  target: DeviceArray,
  col: number,
  basis: DeviceArray,
  terms: Terms,
  group: Group,
  nullTerm: number | null,
): void {
  using device = outer.scope();
  const rows = [...group.active];
  const places = [...group.terms];
  if (nullTerm !== null) {
    rows.push(basis.shape[0] - 1);
    places.push(terms.nulls + nullTerm);
  }
  if (rows.length > 0) {
    const coefficients = device.gatherCols(terms.array, indicesOf(device, places));
    const vectors = device.gatherRows(basis, indicesOf(device, rows));
    device.matmul(coefficients, vectors, { into: target, col });
  }
  if (group.passive.length > 0) {
    const copies = device.gatherRows(basis, indicesOf(device, group.passive));
    device.write(target, copies, group.passiveRow, col);
  }
}

function indicesOf(device: Device, indices: readonly number[]): DeviceArray {
  const data = Uint32Array.from(indices);
  return device.upload({ dtype: "u32", shape: [data.length], data });
}
