// Products of matrices that a device has no room for, block by block.
//
// S. Toledo, "A Survey of Out-of-Core Algorithms in Numerical Linear Algebra", 1999: with room for M
// elements, three square blocks of √(M / 3) rows and columns fill it, and
//
//   C[i, j] = Σ_l A[i, l] B[l, j]
//
// moves 2 m n k / √(M / 3) elements, a constant times what any order of the work must. Blocks grow in
// the other dimensions where one is short; a block of A stays for all blocks of C in its rows where the
// inner dimension is not cut.

import { boolean, checkOptions, type Checks, integer, ShapeError, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { DEVICE } from "../factorization/matrix.ts";
import type { MatrixDtype } from "../factorization/matrix_dtype.ts";
import { withDevice } from "../with_device.ts";
import { checkHostMatrix, MAX_BYTES, placeBlock, runs, turned, uploadBlock } from "./host_block.ts";

/** Options of {@linkcode outOfCoreMatmul}. */
export interface OutOfCoreMatmulOptions {
  /** Where blocks are multiplied; a WebAssembly device made for the call by default. */
  device?: Device;
  /** What the blocks on the device may take together. @default {1073741824} */
  maxBytes?: number;
  /** Whether `a` is given transposed, `[k, m]`. @default {false} */
  transposeA?: boolean;
  /** Whether `b` is given transposed, `[n, k]`. @default {false} */
  transposeB?: boolean;
}

const ACTION = "Cannot multiply matrices";

const CHECKS: Checks<OutOfCoreMatmulOptions> = {
  device: DEVICE,
  // Three blocks of one f64 each.
  maxBytes: integer(24),
  transposeA: boolean(),
  transposeB: boolean(),
};

/**
 * Multiplies matrices on the host that may be larger than a device, in bounded device memory.
 *
 * @example With room for three blocks of 4 by 4
 * ```ts
 * import { outOfCoreMatmul } from "@pare/linalg";
 * import { randomNormal, tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const a = randomNormal([30, 20], { seed: 1 });
 * const identity = tensor(Float32Array.from({ length: 400 }, (_, i) => +(i % 21 === 0)), [20, 20]);
 * assertEquals(await outOfCoreMatmul(a, identity, { maxBytes: 192 }), a);
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param a `[m, k]`.
 * @param b `[k, n]`.
 * @param options The device, its memory, and what is given transposed.
 * @returns The product `[m, n]`.
 * @throws {RangeError} If a shape does not fit, or an option is out of range.
 * @throws {TypeError} If an option is unknown, or the dtypes are not both f32 or both f64.
 */
export async function outOfCoreMatmul<D extends MatrixDtype>(
  a: Tensor<D>,
  b: Tensor<D>,
  options: OutOfCoreMatmulOptions = {},
): Promise<Tensor<D>> {
  checkOptions(ACTION, options, CHECKS);
  for (const matrix of [a, b]) checkHostMatrix(ACTION, matrix);
  if (a.dtype !== b.dtype) {
    throw new TypeError(
      `${ACTION} as the dtypes must be equal: current dtypes are ${a.dtype} and ${b.dtype}`,
    );
  }
  return await withDevice(options.device, (device) => multiply(device, a, b, options), a.dtype);
}

async function multiply<D extends MatrixDtype>(
  outer: Device,
  a: Tensor<D>,
  b: Tensor<D>,
  options: OutOfCoreMatmulOptions,
): Promise<Tensor<D>> {
  const { maxBytes = MAX_BYTES, transposeA = false, transposeB = false } = options;
  const [m, k] = transposeA ? a.shape.toReversed() : a.shape;
  const [inner, n] = transposeB ? b.shape.toReversed() : b.shape;
  if (inner !== k) throw new ShapeError(ACTION, transposeB ? [n, k] : [k, n], b.shape);
  const width = a.data.BYTES_PER_ELEMENT;
  const [mostRows, mostCols, mostDepth] = blockSizes(m, n, k, Math.floor(maxBytes / width));
  const data = a.dtype === "f32" ? new Float32Array(m * n) : new Float64Array(m * n);
  const upload =
    (device: Device, matrix: Tensor<D>, isTransposed: boolean) =>
    (row: number, col: number, rows: number, cols: number) =>
      uploadBlock(device, matrix, turned({ row, col, rows, cols }, isTransposed));

  for (const [row, rows] of runs(m, mostRows)) {
    using strip = outer.scope();
    const left = mostDepth === k ? upload(strip, a, transposeA)(row, 0, rows, k) : undefined;
    for (const [col, cols] of runs(n, mostCols)) {
      using device = strip.scope();
      let product: DeviceArray | undefined;
      for (const [start, depth] of runs(k, mostDepth)) {
        using step = device.scope();
        const right = upload(step, b, transposeB)(start, col, depth, cols);
        const block = left ?? upload(step, a, transposeA)(row, start, rows, depth);
        const options = { transposeA, transposeB };
        if (product) step.matmul(block, right, { ...options, into: product });
        else product = step.keep(step.matmul(block, right, options));
      }
      if (!product) continue;
      const block = await device.download(product);
      placeBlock(data, n, { row, col, rows, cols }, block.data as Float32Array | Float64Array);
    }
  }
  return { dtype: a.dtype, shape: [m, n], data } as unknown as Tensor<D>;
}

/**
 * Rows and columns of C and steps of the inner dimension, so that a block of each matrix fits into
 * `room` elements: about square, longer where another dimension is short.
 */
function blockSizes(m: number, n: number, k: number, room: number): [number, number, number] {
  const side = Math.floor(Math.sqrt(room / 3));
  const longest = (length: number, a: number, b: number) =>
    Math.min(length, Math.floor((room - a * b) / (a + b)));
  const some = Math.min(m, side);
  const depth = Math.min(k, side);
  const cols = longest(n, some, depth);
  const rows = longest(m, depth, cols);
  return [rows, cols, longest(k, rows, cols)];
}
