// The leading left singular vectors of a matrix under a weighting, by products alone.
//
// N. Halko, P.-G. Martinsson and J. Tropp, "Finding Structure with Randomness", SIAM Review 53, 2011,
// algorithm 4.4 for the symmetric G, and the Rayleigh–Ritz step of Y. Saad, "Numerical Methods for
// Large Eigenvalue Problems", 2nd ed., 2011, section 5.2. With l = k + 10:
//
//   G = A H Aᵀ    Y = orth(G Ω), Ω random [m, l]    Y = orth(G Y), eight times
//   Yᵀ G Y = V Λ Vᵀ, Λ descending    U = Y V[:, :k]
//
// Y is held as rows. G is never formed, and H is neither factorized nor inverted: a product with G is
// one with Aᵀ, H and A. One iteration is one of the power iterations of `randomized_basis.ts` on A S, S
// any root of H.
//
// Bound: with e the least loss of rank k, tr((A - U Uᵀ A) H (A - U Uᵀ A)ᵀ) <= (1 + ε) e; ε is below
// 0.0025 for eight iterations where all singular values are about alike, the worst case (400 × 400,
// rank 64), and far less where they fall. Rounding adds about 2^-24 √n of tr(A H Aᵀ) in f32.
// Cost: (2 m n + n²) l for each iteration, and QR of m × l.

import { type Device, type DeviceArray, eigh, qrRows } from "@pare/linalg";
import { castTo, randomNormal, type Tensor } from "@pare/tensor";
import { identity } from "../identity.ts";
import { downloadAsF64 } from "./download_as_f64.ts";

/** How many more vectors are iterated than asked for. */
const OVERSAMPLING = 10;
/** The trailing part of a weighted spectrum is flat: fewer leave a percent of the loss. */
const ITERATIONS = 8;

/** Options of {@linkcode leadingSubspace}. */
export interface LeadingSubspaceOptions {
  /** k, from 1 to m. */
  readonly rank: number;
  /** Which random vectors it begins with. */
  readonly seed: number;
  /** Where the eigenvectors of l × l are taken; it has f64. */
  readonly exact: Device;
}

/**
 * U, f64 `[m, k]`: orthonormal columns, the leading one first.
 *
 * @param outer Where the products are computed, in the dtype of the operands.
 * @param a A, `[m, n]`.
 * @param h H, symmetric and positive semidefinite, `[n, n]`.
 * @param options The rank, the seed and a device for what needs f64.
 */
export async function leadingSubspace(
  outer: Device,
  a: DeviceArray,
  h: DeviceArray,
  options: LeadingSubspaceOptions,
): Promise<Tensor<"f64">> {
  using device = outer.scope();
  const { rank, seed, exact } = options;
  const [m] = a.shape;
  const count = Math.min(rank + OVERSAMPLING, m);
  const ones = device.cast(device.upload(castTo(identity(count), "f32")), a.dtype);
  let y = device.cast(device.upload(randomNormal([count, m], { seed })), a.dtype);
  for (let iteration = 0; iteration <= ITERATIONS; iteration++) {
    using step = device.scope();
    const product = step.matmul(weighted(step, a, h, y).across, a, { transposeB: true });
    y[Symbol.dispose]();
    y = step.keep(qrRows(step, product).timesQ(ones));
  }
  const { projected, across } = weighted(device, a, h, y);
  const core = await downloadAsF64(device, device.matmul(projected, across, { transposeB: true }));
  const { vectors } = await eigh(symmetric(core), { device: exact });
  const turning = device.upload(castTo(leading(vectors, rank), a.dtype === "f64" ? "f64" : "f32"));
  return await downloadAsF64(device, device.transpose(device.matmul(turning, y)));
}

/** Yᵀ A and Yᵀ A H. */
function weighted(device: Device, a: DeviceArray, h: DeviceArray, y: DeviceArray) {
  const projected = device.matmul(y, a);
  return { projected, across: device.matmul(projected, h) };
}

/** (M + Mᵀ) / 2. */
function symmetric({ dtype, shape, data }: Tensor<"f64">): Tensor<"f64"> {
  const [n] = shape;
  return {
    dtype,
    shape,
    data: data.map((value, e) => (value + data[(e % n) * n + Math.floor(e / n)]) / 2),
  };
}

/** The last `count` columns as rows, that of the largest value first. */
function leading({ dtype, shape: [n], data }: Tensor<"f64">, count: number): Tensor<"f64"> {
  const rows = new Float64Array(count * n);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < n; j++) rows[i * n + j] = data[j * n + n - 1 - i];
  }
  return { dtype, shape: [count, n], data: rows };
}
