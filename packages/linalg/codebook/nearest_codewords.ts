// The nearest codeword to each of many vectors, part after part, so that memory is bounded.
//
// Scores x · c − ‖c‖² / 2 cancel where all vectors are far from zero and close together. The origin is
// moved into the codebook then: along each dimension by the mean, rounded to a multiple of a power of
// two that is no smaller than the codebook is wide. Vectors near to it lose no bit by that, and a
// codebook around zero stays where it is. Where squares would leave the range of the dtype, all is scaled
// by a power of two.

import {
  type AnyTensor,
  checkOptions,
  type Checks,
  integer,
  ShapeError,
  type Tensor,
} from "@pare/tensor";
import type { Device } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import { checkMatrix, DEVICE, put } from "../factorization/matrix.ts";
import type { MatrixDtype } from "../factorization/matrix_dtype.ts";
import { withDevice } from "../with_device.ts";

/** Options of {@linkcode nearestCodewords}. */
export interface NearestCodewordsOptions {
  /** Where scores are computed; a WebAssembly device made for the call by default. */
  device?: Device;
  /** How many vectors are on the device at a time; as many as take 64 MiB by default. */
  chunk?: number;
}

/** What {@linkcode nearestCodewords} finds. */
export interface NearestCodewords {
  /** The number of the codeword of each vector, `[count]`. */
  readonly indices: Tensor<"u32">;
  /** The squared distance of each vector from it, `[count]`, summed in f64. */
  readonly distances: Tensor<"f64">;
}

const ACTION = "Cannot find nearest codewords";
const CHECKS: Checks<NearestCodewordsOptions> = { device: DEVICE, chunk: integer(1) };

/** Bytes of vectors on the device at a time, where no chunk is given. */
const CHUNK_BYTES = 2 ** 26;

/**
 * Finds the nearest codeword to each vector, the first of several at the same distance.
 *
 * @example Two codewords on a line
 * ```ts
 * import { nearestCodewords } from "@pare/linalg";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor(Float32Array.of(1, 8, 5), [3, 1]);
 * const codebook = tensor(Float32Array.of(0, 10), [2, 1]);
 * const { indices, distances } = await nearestCodewords(x, codebook);
 * assertEquals(indices.data, Uint32Array.of(0, 1, 0));
 * assertEquals(distances.data, Float64Array.of(1, 4, 25));
 * ```
 *
 * @typeParam D The dtype, f32 or f64.
 * @param x The vectors, `[count, length]`; one that is not finite gets codeword 0.
 * @param codebook The codewords, `[codewords, length]`.
 * @param options The device, and how many vectors to send there at a time.
 * @returns The codeword of each vector, and how far it is. Of two whose distances differ by less than
 * roundings in the dtype, either may be taken; which one does not depend on the number of threads.
 * @throws {RangeError} If a shape does not fit, the codebook is not finite, or an option is out of range.
 * @throws {TypeError} If an option is unknown, or the dtypes are not both f32 or both f64.
 */
export async function nearestCodewords<D extends MatrixDtype>(
  x: Tensor<D>,
  codebook: Tensor<D>,
  options: NearestCodewordsOptions = {},
): Promise<NearestCodewords> {
  checkOptions(ACTION, options, CHECKS);
  return await withDevice(
    options.device,
    (device) => search(device, x, codebook, options.chunk),
    codebook.dtype,
  );
}

async function search<D extends MatrixDtype>(
  outer: Device,
  x: Tensor<D>,
  codebook: Tensor<D>,
  chunk?: number,
): Promise<NearestCodewords> {
  const { dtype, cols } = checkMatrix(ACTION, codebook, outer);
  if (x.dtype !== dtype) {
    throw new TypeError(
      `${ACTION} as the dtypes must be equal: current dtypes are ${x.dtype} and ${dtype}`,
    );
  }
  const [count] = x.shape;
  if (x.shape.length !== 2 || x.shape[1] !== cols) {
    throw new ShapeError(ACTION, [count, cols], x.shape);
  }
  if (x.data.length !== count * cols) throw new ShapeError(ACTION, x.shape, [x.data.length]);
  const share = chunk ?? Math.max(1, Math.floor(CHUNK_BYTES / (cols * x.data.BYTES_PER_ELEMENT)));
  const indices = new Uint32Array(count);
  using device = outer.scope();
  const origin = originOf(codebook.data, cols);
  const isMoved = origin.some((value) => value !== 0);
  const shift = isMoved ? put(device, dtype, [cols], origin) : undefined;
  const factor = factorOf(codebook.data, origin, dtype);
  const moved = (scope: Device, vectors: DeviceArray) => {
    const around = shift ? scope.subtract(vectors, shift) : vectors;
    return factor === 1 ? around : scope.scale(around, factor);
  };
  const codewords = moved(device, device.upload(codebook as AnyTensor));
  for (let first = 0; first < count; first += share) {
    using part = device.scope();
    const rows = Math.min(share, count - first);
    const data = x.data.subarray(first * cols, (first + rows) * cols);
    const vectors = part.upload({ dtype, shape: [rows, cols], data } as AnyTensor);
    const found = await part.download(part.nearest(moved(part, vectors), codewords));
    indices.set(found.data as Uint32Array, first);
  }
  const distances = squaredDistances(x.data, codebook.data, cols, indices);
  return {
    indices: { dtype: "u32", shape: [count], data: indices },
    distances: { dtype: "f64", shape: [count], data: distances },
  };
}

/** Where to move the origin. */
function originOf(
  codebook: Float32Array | Float64Array,
  cols: number,
): Float64Array<ArrayBuffer> {
  const origin = new Float64Array(cols);
  for (let k = 0; k < cols; k++) {
    let [low, high] = [Infinity, -Infinity];
    for (let at = k; at < codebook.length; at += cols) {
      low = Math.min(low, codebook[at]);
      high = Math.max(high, codebook[at]);
    }
    const step = 2 ** Math.ceil(Math.log2(high - low));
    origin[k] = high > low ? Math.round((low / 2 + high / 2) / step) * step : low;
  }
  return origin;
}

/** The power of two to scale by: 1 unless squares of the codebook, moved, are far from what fits. */
function factorOf(
  codebook: Float32Array | Float64Array,
  origin: Float64Array,
  dtype: MatrixDtype,
): number {
  let largest = 0;
  for (let i = 0; i < codebook.length; i++) {
    largest = Math.max(largest, Math.abs(codebook[i] - origin[i % origin.length]));
  }
  const [near, most] = dtype === "f32" ? [32, 120] : [256, 960];
  const exponent = largest === 0 ? 0 : Math.floor(Math.log2(largest));
  return Math.abs(exponent) <= near ? 1 : 2 ** Math.max(-most, Math.min(most, -exponent));
}

function squaredDistances(
  x: Float32Array | Float64Array,
  codebook: Float32Array | Float64Array,
  cols: number,
  indices: Uint32Array,
): Float64Array<ArrayBuffer> {
  const distances = new Float64Array(indices.length);
  for (let i = 0, at = 0; i < indices.length; i++) {
    let squares = 0;
    const start = indices[i] * cols;
    for (let k = start; k < start + cols; k++, at++) {
      const difference = x[at] - codebook[k];
      squares += difference * difference;
    }
    distances[i] = squares;
  }
  return distances;
}
