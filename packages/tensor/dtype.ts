/** The array type that holds the elements of each dtype. */
export interface DtypeArrays {
  /** IEEE 754 double precision. */
  readonly f64: Float64Array<ArrayBuffer>;
  /** IEEE 754 single precision. */
  readonly f32: Float32Array<ArrayBuffer>;
  /** IEEE 754 half precision, raw bits. */
  readonly f16: Uint16Array<ArrayBuffer>;
  /** bfloat16, the upper half of an f32, raw bits. */
  readonly bf16: Uint16Array<ArrayBuffer>;
  /** 8-bit float, 4 bits of exponent, 3 of mantissa, no infinities (OCP E4M3FN), raw bits. */
  readonly f8e4m3: Uint8Array<ArrayBuffer>;
  /** 8-bit float, 5 bits of exponent, 2 of mantissa (OCP E5M2), raw bits. */
  readonly f8e5m2: Uint8Array<ArrayBuffer>;
  /** Signed 64-bit integers. */
  readonly i64: BigInt64Array<ArrayBuffer>;
  /** Signed 32-bit integers. */
  readonly i32: Int32Array<ArrayBuffer>;
  /** Signed 16-bit integers. */
  readonly i16: Int16Array<ArrayBuffer>;
  /** Signed 8-bit integers. */
  readonly i8: Int8Array<ArrayBuffer>;
  /** Unsigned 64-bit integers. */
  readonly u64: BigUint64Array<ArrayBuffer>;
  /** Unsigned 32-bit integers. */
  readonly u32: Uint32Array<ArrayBuffer>;
  /** Unsigned 16-bit integers. */
  readonly u16: Uint16Array<ArrayBuffer>;
  /** Unsigned 8-bit integers. */
  readonly u8: Uint8Array<ArrayBuffer>;
  /** Truth values, one byte each, 0 or 1. */
  readonly bool: Uint8Array<ArrayBuffer>;
}

/** The name of an element type. */
export type Dtype = keyof DtypeArrays;

/** The dtypes that hold floating-point numbers. */
export type FloatDtype = "f64" | "f32" | "f16" | "bf16" | "f8e4m3" | "f8e5m2";

/** What is known of a dtype. */
export interface DtypeTraits<D extends Dtype = Dtype> {
  /** Bytes one element takes, in memory and on disk. */
  readonly byteLength: number;
  /** Whether the elements are floating-point numbers. */
  readonly isFloat: boolean;
  /** The constructor of the array that holds the elements. */
  readonly array: {
    readonly name: string;
    readonly BYTES_PER_ELEMENT: number;
    new (length: number): DtypeArrays[D];
    new (buffer: ArrayBuffer, byteOffset?: number, length?: number): DtypeArrays[D];
  };
}

/** Every dtype and what is known of it. */
export const DTYPES: { readonly [D in Dtype]: DtypeTraits<D> } = {
  f64: { byteLength: 8, isFloat: true, array: Float64Array },
  f32: { byteLength: 4, isFloat: true, array: Float32Array },
  f16: { byteLength: 2, isFloat: true, array: Uint16Array },
  bf16: { byteLength: 2, isFloat: true, array: Uint16Array },
  f8e4m3: { byteLength: 1, isFloat: true, array: Uint8Array },
  f8e5m2: { byteLength: 1, isFloat: true, array: Uint8Array },
  i64: { byteLength: 8, isFloat: false, array: BigInt64Array },
  i32: { byteLength: 4, isFloat: false, array: Int32Array },
  i16: { byteLength: 2, isFloat: false, array: Int16Array },
  i8: { byteLength: 1, isFloat: false, array: Int8Array },
  u64: { byteLength: 8, isFloat: false, array: BigUint64Array },
  u32: { byteLength: 4, isFloat: false, array: Uint32Array },
  u16: { byteLength: 2, isFloat: false, array: Uint16Array },
  u8: { byteLength: 1, isFloat: false, array: Uint8Array },
  bool: { byteLength: 1, isFloat: false, array: Uint8Array },
};
