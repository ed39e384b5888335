// Orthonormal bases stage by stage as in `basis.ts`, approximately, on a device that computes in f32.
//
//   D = A at first    U_i = the r_i leading left singular vectors of D S_i    D <- D - U_i U_iᵀ D
//
// S_i is a square root of the weighting. Singular vectors are found by products with random vectors
// (`randomizedSvd` of linalg: ten more than the rank, four power iterations), so that nothing larger
// than the rank and ten is factorized. A D of f32 still holds 2^-24 of what was taken out, so that U_i
// is made orthogonal to those before, twice.
//
// Bound: with e the exact loss of a stage, E ‖(I - U Uᵀ) A S‖ <= (1 + ε) e; ε is 0.004 where all
// singular values are about alike, the worst case (200 × 160, rank 60), and less where they fall.
// Rounding adds about 2^-24 √n ‖A S‖_F. Cost: 20 m n (r + 10) for each stage, and QR of its columns.

import { type Device, type DeviceArray, downloadF32, qr, randomizedSvd } from "@pare/linalg";
import { castTo, type Tensor } from "@pare/tensor";

/** How many vectors to choose, and how their errors weigh. */
export interface RandomizedStage {
  /** S, f64 `[n, n]`, or its diagonal `[n]`; `null` for the identity. */
  readonly root: Tensor<"f64"> | null;
  /** How many, 0 or more. */
  readonly rank: number;
}

/**
 * Chooses an orthonormal basis stage by stage.
 *
 * @param outer A device; what is returned is its.
 * @param weight A, f32 `[m, n]`.
 * @param stages What to choose; Σ rank of 1 or more.
 * @returns U, f32 `[m, Σ rank]`: orthonormal columns, and zeros at the end of a stage once A has no
 * more.
 */
export async function randomizedBasis(
  outer: Device,
  weight: DeviceArray,
  stages: readonly RandomizedStage[],
): Promise<DeviceArray> {
  const total = stages.reduce((sum, { rank }) => sum + rank, 0);
  const basis = outer.zeros([weight.shape[0], total], "f32");
  using device = outer.scope();
  const rest = device.cast(weight, "f32");
  let end = 0;
  for (const { root, rank } of stages) {
    let col = end;
    end += rank;
    for (const weighting of root ? [root, null] : [null]) {
      if (col === end) break;
      col += await takeLeading(device, weight, rest, basis, weighting, col, end - col);
    }
  }
  return basis;
}

/** Writes up to `wanted` vectors to columns of `basis`, and takes them out of `rest`. */
async function takeLeading(
  outer: Device,
  weight: DeviceArray,
  rest: DeviceArray,
  basis: DeviceArray,
  root: Tensor<"f64"> | null,
  col: number,
  wanted: number,
): Promise<number> {
  using device = outer.scope();
  const s = root && device.upload(castTo(root, "f32"));
  const weigh = (x: DeviceArray) =>
    s === null ? x : s.shape.length === 1 ? device.multiply(x, s) : device.matmul(x, s);
  // As much is left of a matrix that should be nothing, as U is orthonormal to about √n 2^-24.
  const roots = 4 * Math.sqrt(Math.max(...weight.shape) + 4);
  const floor = roots * 2 ** -24 * await normOf(device, weigh(weight));
  const matrix = await downloadF32(device, weigh(rest));
  const rank = Math.min(wanted, ...matrix.shape);
  const { u, singularValues } = await randomizedSvd(matrix, { device, rank });
  const count = singularValues.data.filter((value) => value > floor).length;
  if (count === 0) return 0;
  const found = device.slice(device.upload(u), { cols: count });
  const own = await orthogonalTo(device, basis, found, col);
  device.write(basis, own, 0, col);
  const coordinates = device.matmul(own, rest, { transposeA: true });
  device.matmul(own, coordinates, { alpha: -1, into: rest });
  return count;
}

/** ‖X‖_F. */
async function normOf(device: Device, x: DeviceArray): Promise<number> {
  const { data } = await downloadF32(device, device.reduceRows(x, "squareSum"));
  return Math.sqrt(data.reduce((sum, square) => sum + square, 0));
}

/** The same columns without what they have in the first `count` of the basis, orthonormal again. */
async function orthogonalTo(
  device: Device,
  basis: DeviceArray,
  columns: DeviceArray,
  count: number,
): Promise<DeviceArray> {
  if (count === 0) return columns;
  const before = device.slice(basis, { cols: count });
  let own = columns;
  // Once leaves 2^-24 of what the columns had there, which may be all; twice is enough.
  for (let pass = 0; pass < 2; pass++) {
    const coordinates = device.matmul(before, own, { transposeA: true });
    device.matmul(before, coordinates, { alpha: -1, into: own });
    own = device.upload((await qr(await downloadF32(device, own), { device })).q);
  }
  return own;
}
