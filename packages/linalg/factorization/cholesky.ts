// Cholesky factor of a symmetric positive definite matrix, by columns of blocks (left-looking).
//
// G. Golub and C. Van Loan, Matrix Computations, 4th edition, 2013, section 4.2.6:
//
//   A = L Lᵀ    P = A[j:, J] - L[j:, :j] L[J, :j]ᵀ    L[J, J] = chol(P[J])    L[i, J] = P[i] L[J, J]⁻ᵀ
//
// J are the columns of one block, from j on. The product runs on the device, the rest in f64 here.
// Bound: |A - L Lᵀ| <= (n + 1) eps |L| |Lᵀ| element by element (Higham, 2002, theorem 10.3).
// Cost: n³/3, of which n²·64/2 on the host.

import { checkOptions, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { withDevice } from "../with_device.ts";
import { dot } from "./householder.ts";
import { DEVICE, fetch, put, readSquareMatrix, rectangle, toTensor } from "./matrix.ts";
import type { MatrixDtype } from "./matrix_dtype.ts";

const ACTION = "Cannot take the Cholesky factor";
const BLOCK = 64;

/** Options of {@linkcode cholesky}. */
export interface CholeskyOptions {
  /** Where the products are computed; a WebAssembly device made for the call by default. */
  device?: Device;
}

/**
 * Takes the Cholesky factor: the lower triangular L with A = L Lᵀ and a positive diagonal.
 *
 * @example A 2 × 2 matrix
 * ```ts
 * import { cholesky } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const factor = await cholesky(tensor(Float32Array.of(4, 2, 2, 5), [2, 2]));
 * assertEquals(factor.data, Float32Array.of(2, 0, 1, 2));
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param matrix A, `[n, n]`; only its lower triangle is read.
 * @param options The device.
 * @returns L, `[n, n]`, zero above the diagonal.
 * @throws {RangeError} If the matrix is not square, not finite or not positive definite; the message
 * then names the first pivot that is not positive.
 * @throws {TypeError} If the device cannot multiply in the dtype of the matrix.
 */
export async function cholesky<D extends MatrixDtype>(
  matrix: Tensor<D>,
  options: CholeskyOptions = {},
): Promise<Tensor<D>> {
  checkOptions(ACTION, options, { device: DEVICE });
  return await withDevice(options.device, (device) => factorize(device, matrix));
}

async function factorize<D extends MatrixDtype>(
  outer: Device,
  matrix: Tensor<D>,
): Promise<Tensor<D>> {
  const { rows: n, data, dtype } = readSquareMatrix(ACTION, matrix, outer);
  using device = outer.scope();
  const factor = new Float64Array(n * n);
  const onDevice = device.zeros([n, n], dtype);
  for (let j = 0; j < n; j += BLOCK) {
    const width = Math.min(BLOCK, n - j);
    using step = device.scope();
    let panel = rectangle(data, n, j, j, n - j, width);
    if (j > 0) {
      const into = put(step, dtype, [n - j, width], panel);
      const left = step.slice(onDevice, { row: j, cols: j });
      const top = step.slice(left, { rows: width });
      step.matmul(left, top, { transposeB: true, alpha: -1, into });
      panel = await fetch(step, into);
    }
    factorizeColumns(panel, n - j, width, j);
    for (let i = 0; i < n - j; i++) {
      factor.set(panel.subarray(i * width, (i + 1) * width), (j + i) * n + j);
    }
    step.write(onDevice, put(step, dtype, [n - j, width], panel), j, j);
  }
  return toTensor(dtype, [n, n], factor);
}

/** Factorizes the square on top of a panel, and solves for what is below it, in place. */
function factorizeColumns(
  panel: Float64Array,
  height: number,
  width: number,
  first: number,
): void {
  for (let j = 0; j < width; j++) {
    const pivot = panel[j * width + j] - dot(panel, j * width, panel, j * width, j);
    if (!(pivot > 0)) {
      throw new RangeError(
        `${ACTION} as the matrix must be positive definite: current pivot ${first + j} is ${pivot}`,
      );
    }
    panel.fill(0, j * width + j + 1, (j + 1) * width);
    const root = Math.sqrt(pivot);
    panel[j * width + j] = root;
    for (let i = j + 1; i < height; i++) {
      const product = dot(panel, i * width, panel, j * width, j);
      panel[i * width + j] = (panel[i * width + j] - product) / root;
    }
  }
}
