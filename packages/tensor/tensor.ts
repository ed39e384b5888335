import type { Dtype, DtypeArrays } from "./dtype.ts";
import { DTYPES } from "./dtype.ts";
import { ShapeError } from "./errors.ts";

/**
 * An array of numbers with a shape: plain, row-major, contiguous, never changed by whoever gets it.
 *
 * Anyone's object of this form is a tensor. `f16`, `bf16` and the 8-bit floats hold their raw bits.
 */
export interface Tensor<D extends Dtype = "f32"> {
  /** The type of one element. */
  readonly dtype: D;
  /** The length of each dimension, outermost first; `[]` for a single number. */
  readonly shape: readonly number[];
  /** The elements; the last dimension varies fastest. */
  readonly data: DtypeArrays[D];
}

/** What is known of a tensor before its numbers are. */
export interface TensorSpec {
  /** The type of one element. */
  readonly dtype: Dtype;
  /** The length of each dimension, outermost first. */
  readonly shape: readonly number[];
}

/** A tensor of any dtype; `switch` on its `dtype` to learn the type of its data. */
export type AnyTensor = { [D in Dtype]: Tensor<D> }[Dtype];

/**
 * Counts the elements of a tensor of the given shape.
 *
 * @example Three dimensions
 * ```ts
 * import { sizeOf } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(sizeOf([2, 3, 4]), 24);
 * ```
 *
 * @param shape The length of each dimension.
 * @returns The product of the lengths; 1 for `[]`.
 */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/**
 * Wraps `data` as a tensor of f32 without copying it.
 *
 * @example Two rows of three
 * ```ts
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const t = tensor(new Float32Array(6), [2, 3]);
 * assertEquals(t.shape, [2, 3]);
 * assertEquals(t.dtype, "f32");
 * ```
 *
 * @param data The elements; the last dimension varies fastest.
 * @param shape The length of each dimension; the product is `data.length`.
 * @returns A tensor that shares `data`.
 * @throws {ShapeError} If `data` does not fill `shape`.
 */
export function tensor(data: Float32Array<ArrayBuffer>, shape: readonly number[]): Tensor;
/**
 * Wraps `data` as a tensor of f64 without copying it.
 *
 * @param data The elements; the last dimension varies fastest.
 * @param shape The length of each dimension; the product is `data.length`.
 * @returns A tensor that shares `data`.
 * @throws {ShapeError} If `data` does not fill `shape`.
 */
export function tensor(data: Float64Array<ArrayBuffer>, shape: readonly number[]): Tensor<"f64">;
/**
 * Wraps `data` as a tensor of any dtype without copying it.
 *
 * @typeParam D The type of one element.
 * @param data The elements; the last dimension varies fastest.
 * @param shape The length of each dimension; the product is `data.length`.
 * @param dtype The type of one element.
 * @returns A tensor that shares `data`.
 * @throws {ShapeError} If `data` does not fill `shape`.
 * @throws {TypeError} If `data` is not the kind of array that `dtype` is held in.
 */
export function tensor<D extends Dtype>(
  data: DtypeArrays[D],
  shape: readonly number[],
  dtype: D,
): Tensor<D>;
export function tensor(
  data: DtypeArrays[Dtype],
  shape: readonly number[],
  dtype: Dtype = data instanceof Float64Array ? "f64" : "f32",
): AnyTensor {
  if (!(data instanceof DTYPES[dtype].array)) {
    throw new TypeError(
      `Cannot wrap data as a tensor as ${dtype} must be held in a ${
        DTYPES[dtype].array.name
      }: current data is a ${data.constructor.name}`,
    );
  }
  const fits = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!fits || sizeOf(shape) !== data.length) {
    throw new ShapeError("Cannot wrap data as a tensor", shape, [data.length]);
  }
  return { dtype, shape, data } as AnyTensor;
}
