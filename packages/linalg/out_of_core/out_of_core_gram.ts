// Gram matrices xᵀ x that a device has no room for, block by block, summed in f64 as by `Device.gram`.
//
// Half of the memory holds sums, half of it rows of x. Where all sums have no room, the columns are
// cut so that two blocks of them have, and each pair of blocks gives four blocks of the Gram matrix:
// with the symmetry of a pair used, that is as much work as not to use the symmetry of the whole.

import { checkOptions, type Checks, integer, type Tensor } from "@pare/tensor";
import type { Device } from "../device.ts";
import { DEVICE } from "../factorization/matrix.ts";
import { withDevice } from "../with_device.ts";
import { checkHostMatrix, MAX_BYTES, placeBlock, runs, uploadBlock } from "./host_block.ts";

/** Options of {@linkcode outOfCoreGram}. */
export interface OutOfCoreGramOptions {
  /** Where products are summed; a WebAssembly device made for the call by default. */
  device?: Device;
  /** What the blocks on the device may take together. @default {1073741824} */
  maxBytes?: number;
}

const ACTION = "Cannot compute a Gram matrix";
// Half of it has room for the sums of two columns.
const CHECKS: Checks<OutOfCoreGramOptions> = { device: DEVICE, maxBytes: integer(64) };

/**
 * Computes `xᵀ x` of a matrix on the host, in bounded device memory.
 *
 * @example Two columns
 * ```ts
 * import { outOfCoreGram } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
 * assertEquals((await outOfCoreGram(x)).data, Float64Array.of(35, 44, 44, 56));
 * ```
 *
 * @param x `[tokens, n]`.
 * @param options The device and its memory.
 * @returns The sums `[n, n]`, symmetric to the last bit.
 * @throws {RangeError} If the shape does not fit, or an option is out of range.
 * @throws {TypeError} If an option is unknown, or `x` is not f32.
 */
export async function outOfCoreGram(
  x: Tensor,
  options: OutOfCoreGramOptions = {},
): Promise<Tensor<"f64">> {
  checkOptions(ACTION, options, CHECKS);
  checkHostMatrix(ACTION, x);
  if (x.dtype !== "f32") {
    throw new TypeError(`${ACTION} as the dtype must be f32: current dtype is ${x.dtype}`);
  }
  const { maxBytes = MAX_BYTES } = options;
  return await withDevice(options.device, (device) => gramInBlocks(device, x, maxBytes));
}

async function gramInBlocks(device: Device, x: Tensor, maxBytes: number): Promise<Tensor<"f64">> {
  const [, n] = x.shape;
  const data = new Float64Array(n * n);
  const most = Math.floor(Math.sqrt(maxBytes / 2 / 8));
  if (n <= most) {
    const sums = await gramOf(device, x, [[0, n]], maxBytes);
    return { dtype: "f64", shape: [n, n], data: sums };
  }
  const blocks = [...runs(n, Math.floor(most / 2))];
  for (const [i, first] of blocks.entries()) {
    for (const second of blocks.slice(i + 1)) {
      const pair = [first, second];
      const sums = await gramOf(device, x, pair, maxBytes);
      const width = first[1] + second[1];
      for (const [a, [row, rows]] of pair.entries()) {
        for (const [b, [col, cols]] of pair.entries()) {
          const start = a * first[1] * width + b * first[1];
          placeBlock(data, n, { row, col, rows, cols }, sums, width, start);
        }
      }
    }
  }
  return { dtype: "f64", shape: [n, n], data };
}

/** The Gram matrix of some columns, the sums and a part of their rows on the device. */
async function gramOf(
  outer: Device,
  x: Tensor,
  columns: readonly (readonly [start: number, length: number])[],
  maxBytes: number,
): Promise<Float64Array<ArrayBuffer>> {
  using device = outer.scope();
  const width = columns.reduce((sum, [, length]) => sum + length, 0);
  const into = device.zeros([width, width], "f64");
  const most = Math.max(1, Math.floor(maxBytes / 2 / (4 * width)));
  for (const [row, rows] of runs(x.shape[0], most)) {
    using part = device.scope();
    if (columns.length === 1) {
      const [[col, cols]] = columns;
      part.gram(uploadBlock(part, x, { row, col, rows, cols }), into);
      continue;
    }
    const data = new Float32Array(rows * width);
    let at = 0;
    for (const [start, length] of columns) {
      for (let i = 0; i < rows; i++) {
        const from = (row + i) * x.shape[1] + start;
        data.set(x.data.subarray(from, from + length), i * width + at);
      }
      at += length;
    }
    part.gram(part.upload({ dtype: "f32", shape: [rows, width], data }), into);
  }
  return (await device.download(into)).data as Float64Array<ArrayBuffer>;
}
