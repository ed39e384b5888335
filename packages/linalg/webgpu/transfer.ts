// How arrays of each dtype lie in 32-bit words: f32 and u32 as they are; f64 as pairs of f32, the
// rounded number first and what rounding took second; f16 two and u8 four to a word, the last word filled up.

import type { DeviceDtype } from "../device_array.ts";
import type { HostArray } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import type { GpuStorage } from "./storage.ts";

const ELEMENT_BYTES: Readonly<Record<DeviceDtype, number>> = {
  f32: 4,
  f64: 8,
  f16: 2,
  u32: 4,
  u8: 1,
};

/** Bytes that `length` elements take on the device. */
export function byteLengthOf(dtype: DeviceDtype, length: number): number {
  return Math.ceil(length * ELEMENT_BYTES[dtype] / 4) * 4;
}

/**
 * Splits numbers into pairs of f32: `high = f32(x)`, `low = f32(x - high)`.
 *
 * 48 of the 53 bits are kept, fewer below 2^-102; numbers beyond f32 become infinite. What is
 * infinite or NaN has a `low` of 0.
 */
export function splitPairs(data: Float64Array): Float32Array<ArrayBuffer> {
  const pairs = new Float32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    const high = Math.fround(data[i]);
    pairs[2 * i] = high;
    pairs[2 * i + 1] = Number.isFinite(high) ? data[i] - high : 0;
  }
  return pairs;
}

/** Adds up pairs of f32; a low part of 0 leaves the sign of a high one. */
export function joinPairs(pairs: Float32Array): Float64Array<ArrayBuffer> {
  const data = new Float64Array(pairs.length / 2);
  for (let i = 0; i < data.length; i++) data[i] = pairs[2 * i] + (pairs[2 * i + 1] || -0);
  return data;
}

/** Pairs are split this many at a time. */
const CHUNK = 2 ** 20;

/** Copies elements to the device. */
export function upload(gpu: Gpu, storage: GpuStorage, data: HostArray): void {
  if (data instanceof Float64Array) {
    for (let start = 0; start < data.length; start += CHUNK) {
      const pairs = splitPairs(data.subarray(start, start + CHUNK));
      gpu.write(storage, start * 8, new Uint8Array(pairs.buffer));
    }
    return;
  }
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const whole = Math.floor(bytes.length / 4) * 4;
  if (whole > 0) gpu.write(storage, 0, bytes.subarray(0, whole));
  if (whole < bytes.length) {
    const last = new Uint8Array(4);
    last.set(bytes.subarray(whole));
    gpu.write(storage, whole, last);
  }
}

/** Copies elements back. */
export async function download(
  gpu: Gpu,
  storage: GpuStorage,
  dtype: DeviceDtype,
  length: number,
): Promise<HostArray> {
  const bytes = await gpu.read(storage, byteLengthOf(dtype, length));
  switch (dtype) {
    case "f32":
      return new Float32Array(bytes);
    case "f64":
      return joinPairs(new Float32Array(bytes));
    case "u32":
      return new Uint32Array(bytes);
    case "f16":
      return length % 2 === 0 ? new Uint16Array(bytes) : new Uint16Array(bytes, 0, length).slice();
    case "u8":
      // Its buffer must not be longer than the array.
      return length % 4 === 0 ? new Uint8Array(bytes) : new Uint8Array(bytes, 0, length).slice();
  }
}
