// Factors A = L D Lᵀ of a symmetric positive definite matrix, L unit lower triangular and D diagonal,
// or both by blocks, without pivoting: what feeds rounding errors back in LDLQ and GPTQ.
//
// J. Chee, Y. Cai, V. Kuleshov and C. De Sa, "QuIP: 2-Bit Quantization of Large Language Models With
// Guarantees", 2023, arXiv:2307.13304, section 3.1; by blocks A. Tseng et al., "QuIP#", 2024,
// arXiv:2402.04396, section 4.1. From the Cholesky factor, with T its blocks on the diagonal:
//
//   A = C Cᵀ    T_kk = C_kk    L = C T⁻¹    D = T Tᵀ
//
// Bound: |A - L D Lᵀ| <= (n + 1 + 4 b) eps |L| |T| |Tᵀ| |Lᵀ| element by element for blocks of b rows:
// (n + 1) eps |C| |Cᵀ| of the factor (Higham, 2002, theorem 10.3), b eps |L| |T| twice for the
// systems L T = C (theorem 8.5), b eps |T| |Tᵀ| for the product, and as much for the diagonal blocks
// of L, which are set to the identity.
// Cost: n³/3 for the factor, and n² B / 2 for the systems, solved for B columns at a time.

import {
  type AnyTensor,
  checkOptions,
  type Checks,
  integer,
  oneOf,
  type Tensor,
} from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import { withDevice } from "../with_device.ts";
import { factorizeInPlace } from "./cholesky.ts";
import { checkSquareMatrix, DEVICE, fetch, put, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const ACTION = "Cannot take the LDL factors";

/**
 * Options of {@linkcode ldl}.
 *
 * @typeParam R The dtype of the factors.
 */
export interface LdlOptions<R extends MatrixDtype = MatrixDtype> {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
  /**
   * The rows of a block of D, 1 to 128; the last block may be smaller.
   *
   * @default {1}
   */
  blockSize?: number;
  /** What the factors are rounded to in the end; the dtype of the matrix by default. */
  dtype?: R;
}

const CHECKS: Checks<LdlOptions> = {
  device: DEVICE,
  blockSize: integer(1, MAX_BLOCK),
  dtype: oneOf("f32", "f64"),
};

/** A = L D Lᵀ. */
export interface Ldl<D extends MatrixDtype> {
  /** Lower triangular by blocks, with identities on the diagonal, `[n, n]`. */
  readonly l: Tensor<D>;
  /**
   * The blocks on the diagonal of D, one below the other, `[n, blockSize]`: row i holds row i of D
   * from the first column of its block on. Where the last block is smaller, zeros fill it up.
   */
  readonly d: Tensor<D>;
}

/**
 * Factorizes a symmetric positive definite matrix, A = L D Lᵀ, without pivoting.
 *
 * @example A 2 × 2 matrix
 * ```ts
 * import { ldl } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const { l, d } = await ldl(tensor(Float64Array.of(4, 2, 2, 5), [2, 2]));
 * assertEquals(l.data, Float64Array.of(1, 0, 0.5, 1));
 * assertEquals(d.data, Float64Array.of(4, 4));
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @typeParam R The dtype of the factors.
 * @param matrix A, `[n, n]`; only its lower triangle is read.
 * @param options The device, the size of blocks, and the dtype of the factors.
 * @returns L and the blocks of D.
 * @throws {RangeError} If the matrix is not square or not finite; a `PivotError` if it is not positive
 * definite.
 * @throws {TypeError} If an option is unknown, or the device cannot multiply in that dtype.
 */
export async function ldl<D extends MatrixDtype, R extends MatrixDtype = D>(
  matrix: Tensor<D>,
  options: LdlOptions<R> = {},
): Promise<Ldl<R>> {
  checkOptions(ACTION, options, CHECKS);
  const { blockSize = 1, dtype = matrix.dtype as MatrixDtype as R } = options;
  return await withDevice(options.device, (device) => factorize(device, matrix, blockSize, dtype));
}

async function factorize<R extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<MatrixDtype>,
  b: number,
  dtype: R,
): Promise<Ldl<R>> {
  const n = checkSquareMatrix(ACTION, matrix, outer);
  using device = outer.scope();
  const factor = device.upload(matrix as AnyTensor);
  await factorizeInPlace(device, factor, ACTION);
  const blocks = splitFactor(device, factor, b);
  const rounded = dtype === matrix.dtype ? factor : device.cast(factor, dtype);
  const { shape, data: l } = await device.download(rounded) as Tensor<R>;
  const products = await fetch(device, blocks);
  const d = new Float64Array(n * b);
  const width = blocks.shape[1];
  for (let i = 0; i < n; i++) {
    const first = i - i % b;
    const size = Math.min(b, n - first);
    for (let j = 0; j < size; j++) {
      // The lower triangle of the product, to the last bit, on both sides.
      const [row, col] = first + j <= i ? [i, first + j] : [first + j, i];
      d[i * b + j] = products[row * width + col % width];
    }
    l.fill(0, i * n + first, (i + 1) * n);
    l[i * n + i] = 1;
  }
  return { l: { dtype, shape, data: l }, d: toTensor(dtype, [n, b], d) };
}

/**
 * Overwrites C with L below its diagonal blocks.
 *
 * @returns D, whose blocks lie on the diagonals of squares one below the other.
 */
function splitFactor(outer: Device, factor: DeviceArray, b: number): DeviceArray {
  const dtype = factor.dtype as MatrixDtype;
  const [n] = factor.shape;
  const width = Math.min(n, Math.floor(MAX_BLOCK / b) * b);
  const blocks = outer.zeros([n, width], dtype);
  // Ones in the lower triangles of blocks.
  const ones = Float64Array.from({ length: width * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width];
    return Number(j <= i && i - i % b <= j);
  });
  for (let j = 0; j < n; j += width) {
    using step = outer.scope();
    const size = Math.min(width, n - j);
    const square = step.slice(factor, { row: j, col: j, rows: size, cols: size });
    const mask = step.slice(put(step, dtype, [width, width], ones), { rows: size, cols: size });
    const t = step.multiply(square, mask);
    step.write(blocks, step.matmul(t, t, { transposeB: true }), j, 0);
    step.solveBlock(t, factor, { side: "right", row: j, col: j });
  }
  return blocks;
}
