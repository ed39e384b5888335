import { type Dtype, DTYPES, type FloatDtype } from "./dtype.ts";
import { decodeF8e4m3, decodeF8e5m2, encodeF8e4m3, encodeF8e5m2 } from "./float8.ts";
import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "./half.ts";
import type { AnyTensor, Tensor } from "./tensor.ts";

type Narrow = "f16" | "bf16" | "f8e4m3" | "f8e5m2";

const CODECS: {
  readonly [D in Narrow]: {
    readonly size: number;
    readonly decode: (bits: number) => number;
    readonly encode: (value: number) => number;
  };
} = {
  f16: { size: 65536, decode: decodeF16, encode: encodeF16 },
  bf16: { size: 65536, decode: decodeBf16, encode: encodeBf16 },
  f8e4m3: { size: 256, decode: decodeF8e4m3, encode: encodeF8e4m3 },
  f8e5m2: { size: 256, decode: decodeF8e5m2, encode: encodeF8e5m2 },
};

const tables: Partial<Record<Narrow, Float32Array>> = {};

/** Every bit pattern of a narrow float, decoded; built when first asked for. */
function tableOf(dtype: Narrow): Float32Array {
  const { size, decode } = CODECS[dtype];
  return tables[dtype] ??= Float32Array.from({ length: size }, (_, bits) => decode(bits));
}

/**
 * Converts a tensor to f32; rounds f64 and wide integers to nearest, the rest is exact.
 *
 * @param source A tensor of any dtype.
 * @returns The same numbers in f32; `source` itself if it already is f32.
 */
export function toF32(source: AnyTensor): Tensor {
  const { shape } = source;
  switch (source.dtype) {
    case "f32":
      return source;
    case "f16":
    case "bf16":
    case "f8e4m3":
    case "f8e5m2": {
      const table = tableOf(source.dtype);
      const data = new Float32Array(source.data.length);
      for (let i = 0; i < data.length; i++) data[i] = table[source.data[i]];
      return { dtype: "f32", shape, data };
    }
    case "i64":
    case "u64":
      return { dtype: "f32", shape, data: Float32Array.from(source.data, Number) };
    default:
      return { dtype: "f32", shape, data: new Float32Array(source.data) };
  }
}

/**
 * Converts a tensor to f64; exact but for 64-bit integers beyond 2^53.
 *
 * @param source A tensor of any dtype.
 * @returns The same numbers in f64; `source` itself if it already is f64.
 */
export function toF64(source: AnyTensor): Tensor<"f64"> {
  const { shape } = source;
  switch (source.dtype) {
    case "f64":
      return source;
    case "i64":
    case "u64":
      return { dtype: "f64", shape, data: Float64Array.from(source.data, Number) };
    case "i32":
    case "u32":
      return { dtype: "f64", shape, data: new Float64Array(source.data) };
    default:
      return { dtype: "f64", shape, data: new Float64Array(toF32(source).data) };
  }
}

/**
 * Rounds a tensor of f32 or f64 to another floating-point dtype, to nearest, ties to even.
 *
 * @param source The numbers; f64 goes through f32 first on its way to f16 and bf16.
 * @param dtype The dtype wanted.
 * @returns The rounded numbers; `source` itself if it already has that dtype.
 */
export function castTo<D extends FloatDtype>(
  source: Tensor | Tensor<"f64">,
  dtype: D,
): D extends FloatDtype ? Tensor<D> : never;
export function castTo(source: Tensor | Tensor<"f64">, dtype: FloatDtype): AnyTensor {
  if (source.dtype === dtype) return source;
  const { shape } = source;
  if (dtype === "f32") return { dtype, shape, data: new Float32Array(source.data) };
  if (dtype === "f64") return { dtype, shape, data: new Float64Array(source.data) };
  const { encode } = CODECS[dtype];
  const data = new DTYPES[dtype].array(source.data.length);
  for (let i = 0; i < data.length; i++) data[i] = encode(source.data[i]);
  return { dtype, shape, data } as AnyTensor;
}

/**
 * Rounds a tensor as {@linkcode castTo} does, and refuses numbers that are not finite afterwards.
 *
 * @example Half precision ends at 65504
 * ```ts
 * import { castFinite, tensor } from "@pare/tensor";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => castFinite("Cannot store a factor", tensor(Float32Array.of(1e5), [1]), "f16"),
 *   RangeError,
 *   "Cannot store a factor as every number must be finite in f16: current value is 100000",
 * );
 * ```
 *
 * @param action What cannot be done otherwise, to begin the message.
 * @param source The numbers.
 * @param dtype The dtype wanted.
 * @returns The rounded numbers; `source` itself if it already has that dtype.
 * @throws {RangeError} If a number is not finite or too large for the dtype.
 */
export function castFinite<D extends FloatDtype>(
  action: string,
  source: Tensor | Tensor<"f64">,
  dtype: D,
): D extends FloatDtype ? Tensor<D> : never;
export function castFinite(
  action: string,
  source: Tensor | Tensor<"f64">,
  dtype: FloatDtype,
): AnyTensor {
  const result = castTo(source, dtype);
  const table = dtype === "f32" || dtype === "f64" ? null : tableOf(dtype);
  for (let i = 0; i < result.data.length; i++) {
    const value = table ? table[result.data[i]] : result.data[i];
    if (!Number.isFinite(value)) {
      throw new RangeError(
        `${action} as every number must be finite in ${dtype}: current value is ${source.data[i]}`,
      );
    }
  }
  return result;
}

/**
 * Views the elements of a tensor as bytes, little-endian, without copying them.
 *
 * @param source A tensor of any dtype.
 * @returns Its bytes as they stand in memory and on disk.
 */
export function bytesOf(source: AnyTensor): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = source.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Reads bytes, little-endian, as a tensor; copies only where the bytes are not aligned.
 *
 * @param bytes Exactly the bytes of the elements.
 * @param dtype The type of one element.
 * @param shape The length of each dimension.
 * @returns The tensor; it may share `bytes`.
 * @throws {RangeError} If there are more or fewer bytes than the shape needs.
 */
export function fromBytes<D extends Dtype>(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: D,
  shape: readonly number[],
): Tensor<D> {
  const { array, byteLength } = DTYPES[dtype];
  const wanted = shape.reduce((product, length) => product * length, byteLength);
  if (bytes.byteLength !== wanted) {
    throw new RangeError(
      `Cannot read bytes as a tensor as ${dtype} [${
        shape.join(", ")
      }] must take ${wanted} bytes: current length is ${bytes.byteLength}`,
    );
  }
  const aligned = bytes.byteOffset % byteLength === 0 ? bytes : bytes.slice();
  return {
    dtype,
    shape,
    data: new array(aligned.buffer, aligned.byteOffset, wanted / byteLength),
  };
}
