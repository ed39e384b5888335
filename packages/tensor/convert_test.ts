import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { bytesOf, castFinite, castTo, fromBytes, toF32, toF64 } from "./convert.ts";
import { type Dtype, DTYPES, type FloatDtype } from "./dtype.ts";
import { decodeF8e4m3, decodeF8e5m2, encodeF8e4m3, encodeF8e5m2 } from "./float8.ts";
import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "./half.ts";
import { randomNormal } from "./random.ts";
import { type AnyTensor, tensor } from "./tensor.ts";

const NARROW = {
  f16: { decode: decodeF16, encode: encodeF16, array: Uint16Array, count: 65536 },
  bf16: { decode: decodeBf16, encode: encodeBf16, array: Uint16Array, count: 65536 },
  f8e4m3: { decode: decodeF8e4m3, encode: encodeF8e4m3, array: Uint8Array, count: 256 },
  f8e5m2: { decode: decodeF8e5m2, encode: encodeF8e5m2, array: Uint8Array, count: 256 },
} as const;

/** A tensor of the given integers, each as far as the dtype holds it. */
function integersOf(dtype: Dtype, numbers: readonly number[]): AnyTensor {
  const { array } = DTYPES[dtype];
  const data = new array(numbers.length);
  for (const [i, value] of numbers.entries()) {
    data[i] = data instanceof BigInt64Array || data instanceof BigUint64Array
      ? BigInt(value)
      : value;
  }
  return { dtype, shape: [numbers.length], data } as AnyTensor;
}

Deno.test("toF32() and toF64() decode every pattern of narrow floats", () => {
  for (const [dtype, { decode, array, count }] of Object.entries(NARROW)) {
    const bits = Array.from({ length: count }, (_, i) => i);
    const source = { dtype, shape: [count], data: array.from(bits) } as AnyTensor;
    const wanted = bits.map((one) => decode(one));
    const single = toF32(source);
    const double = toF64(source);
    assertEquals([single.dtype, double.dtype], ["f32", "f64"]);
    for (const [i, value] of wanted.entries()) {
      assert(Object.is(single.data[i], value), `${dtype} ${i}`);
      assert(Object.is(double.data[i], value), `${dtype} ${i}`);
    }
  }
});

Deno.test("toF32() and toF64() convert integers of every width", () => {
  for (const dtype of ["i8", "i16", "i32", "i64"] as const) {
    const source = integersOf(dtype, [-128, -1, 0, 1, 127]);
    assertEquals(toF32(source), tensor(Float32Array.of(-128, -1, 0, 1, 127), [5]));
    assertEquals(toF64(source), tensor(Float64Array.of(-128, -1, 0, 1, 127), [5]));
  }
  for (const dtype of ["u8", "u16", "u32", "u64", "bool"] as const) {
    const source = integersOf(dtype, [0, 1]);
    assertEquals(toF32(source), tensor(Float32Array.of(0, 1), [2]));
    assertEquals(toF64(source), tensor(Float64Array.of(0, 1), [2]));
  }
});

Deno.test("toF32() rounds and toF64() keeps what has more than 24 bits", () => {
  for (const dtype of ["i32", "u32", "i64", "u64"] as const) {
    const source = integersOf(dtype, [2 ** 24 + 1, 2 ** 24 + 3]);
    assertEquals(toF32(source).data, Float32Array.of(2 ** 24, 2 ** 24 + 4), dtype);
    assertEquals(toF64(source).data, Float64Array.of(2 ** 24 + 1, 2 ** 24 + 3), dtype);
  }
  const double = tensor(Float64Array.of(0.1, 1e300), [2]);
  assertEquals(toF32(double).data, Float32Array.of(0.1, Infinity));
});

Deno.test("toF32() and toF64() give back what has the dtype already", () => {
  const single = tensor(Float32Array.of(1), [1]);
  const double = tensor(Float64Array.of(1), [1]);
  assertStrictEquals(toF32(single), single);
  assertStrictEquals(toF64(double), double);
  assertStrictEquals(castTo(single, "f32"), single);
  assertStrictEquals(castTo(double, "f64"), double);
});

Deno.test("castTo() encodes every element, and keeps shape and source", () => {
  const source = randomNormal([3, 50], { seed: 1 });
  source.data.set([NaN, Infinity, -Infinity, -0, 65520, 1e-9]);
  const before = source.data.slice();
  for (const [dtype, { encode, array }] of Object.entries(NARROW)) {
    const cast = castTo(source, dtype as FloatDtype) as AnyTensor;
    assertEquals(cast.dtype, dtype);
    assertEquals(cast.shape, [3, 50]);
    assertEquals(cast.data, array.from(Array.from(source.data, (value) => encode(value))));
    const double = castTo(castTo(source, "f64"), dtype as FloatDtype) as AnyTensor;
    assertEquals(double.data, cast.data);
  }
  assertEquals(castTo(tensor(Float64Array.of(0.1), [1]), "f32").data, Float32Array.of(0.1));
  assertEquals(source.data, before);
});

Deno.test("bytesOf() and fromBytes() are inverse in every dtype, little-endian", () => {
  for (
    const [dtype, { byteLength }] of Object.entries(DTYPES) as [Dtype, { byteLength: number }][]
  ) {
    const bytes = Uint8Array.from({ length: 6 * byteLength }, (_, i) => i * 37 % 256);
    const read = fromBytes(bytes, dtype, [2, 3]) as AnyTensor;
    assertEquals(read.dtype, dtype);
    assertEquals(read.data.length, 6);
    assertEquals(bytesOf(read), bytes, dtype);
    // From an odd offset it must be copied, and is the same.
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assertEquals(fromBytes(shifted.subarray(1), dtype, [2, 3]) as AnyTensor, read, dtype);
  }
  assertEquals(bytesOf(tensor(Uint32Array.of(0x04030201), [1], "u32")), Uint8Array.of(1, 2, 3, 4));
});

Deno.test("bytesOf() shares memory, of a part of a buffer too", () => {
  const whole = Float32Array.of(1, 2, 3);
  const part = tensor(whole.subarray(1), [2]);
  const bytes = bytesOf(part);
  assertEquals(bytes.byteLength, 8);
  bytes.fill(0);
  assertEquals(whole, Float32Array.of(1, 0, 0));
  assertStrictEquals(fromBytes(bytes, "f32", [2]).data.buffer, whole.buffer);
});

Deno.test("fromBytes() refuses too many and too few bytes", () => {
  for (const length of [0, 23, 25, 48]) {
    assertThrows(
      () => fromBytes(new Uint8Array(length), "f32", [2, 3]),
      RangeError,
      `as f32 [2, 3] must take 24 bytes: current length is ${length}`,
    );
  }
});

Deno.test("castFinite() is castTo() up to the largest number of the dtype, and refuses what is beyond", () => {
  const largest = { f32: 3.4028234663852886e38, f16: 65519, bf16: 3.38e38, f8e5m2: 57344 };
  for (const [dtype, value] of Object.entries(largest)) {
    const fits = tensor(Float64Array.of(1, -value), [2]);
    const wanted = dtype as FloatDtype;
    assertEquals(castFinite("Cannot test", fits, wanted), castTo(fits, wanted));
    for (const bad of [2 * value, -Infinity, NaN]) {
      assertThrows(
        () => castFinite("Cannot test", tensor(Float64Array.of(1, bad), [2]), wanted),
        RangeError,
        `Cannot test as every number must be finite in ${dtype}: current value is ${bad}`,
      );
    }
  }
});
