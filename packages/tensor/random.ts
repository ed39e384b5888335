// Counter-based random numbers: the same seed, stream and index give the same number, in any order.
//
// J. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011: Philox4x32-10.
// Key = seed (64 bits), counter = block index (64 bits) and stream (64 bits).
// Normal numbers by Box and Muller (1958) from pairs of uniform ones.

import type { Tensor } from "./tensor.ts";
import { sizeOf } from "./tensor.ts";

/** Options of the random tensors. */
export interface RandomOptions {
  /**
   * Which sequence of numbers, an integer from 0 to 2^53 - 1.
   *
   * @default {0}
   */
  seed?: number;
  /**
   * Which of the independent sequences of one seed, an integer from 0 to 2^53 - 1.
   *
   * @default {0}
   */
  stream?: number;
}

/**
 * Mixes a counter and a key into four random words (Philox4x32 with ten rounds).
 *
 * @param counter Four 32-bit words.
 * @param key Two 32-bit words.
 * @returns Four 32-bit words, each uniform from 0 to 2^32 - 1.
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper 32 bits of the product of two unsigned 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) | 0;
}

/** Fills `words` with the blocks 0, 1, 2, … of a seed's stream. */
function fillWords(words: Uint32Array, options: RandomOptions): void {
  const { seed = 0, stream = 0 } = options;
  checkIndex("seed", seed);
  checkIndex("stream", stream);
  const key = [seed % 2 ** 32 | 0, Math.floor(seed / 2 ** 32) | 0] as const;
  const low = stream % 2 ** 32 | 0;
  const high = Math.floor(stream / 2 ** 32) | 0;
  for (let block = 0; block * 4 < words.length; block++) {
    const counter = [block | 0, Math.floor(block / 2 ** 32) | 0, low, high] as const;
    const mixed = philox(counter, key);
    for (let i = 0; i < 4 && block * 4 + i < words.length; i++) words[block * 4 + i] = mixed[i];
  }
}

function checkIndex(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `Cannot draw random numbers as ${name} must be an integer from 0 to 2^53 - 1: current value is ${value}`,
    );
  }
}

/**
 * Draws uniform numbers from [0, 1), each a multiple of 2^-24.
 *
 * @example The same seed, the same numbers
 * ```ts
 * import { randomUniform } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(randomUniform([2, 3], { seed: 1 }), randomUniform([2, 3], { seed: 1 }));
 * ```
 *
 * @param shape The shape of the tensor.
 * @param options The seed and the stream.
 * @returns The numbers in f32.
 * @throws {RangeError} If the seed or the stream is not a whole number that a double holds exactly.
 */
export function randomUniform(shape: readonly number[], options: RandomOptions = {}): Tensor {
  const words = new Uint32Array(sizeOf(shape));
  fillWords(words, options);
  return { dtype: "f32", shape, data: Float32Array.from(words, (word) => (word >>> 8) * 2 ** -24) };
}

/**
 * Draws normal numbers of mean 0 and variance 1.
 *
 * @param shape The shape of the tensor.
 * @param options The seed and the stream.
 * @returns The numbers in f32.
 * @throws {RangeError} If the seed or the stream is not a whole number that a double holds exactly.
 */
export function randomNormal(shape: readonly number[], options: RandomOptions = {}): Tensor {
  const data = new Float32Array(sizeOf(shape));
  const words = new Uint32Array(2 * Math.ceil(data.length / 2));
  fillWords(words, options);
  for (let i = 0; i < data.length; i += 2) {
    // The first one is never zero, so that its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log((words[i] + 0.5) * 2 ** -32));
    const angle = 2 * Math.PI * words[i + 1] * 2 ** -32;
    data[i] = radius * Math.cos(angle);
    if (i + 1 < data.length) data[i + 1] = radius * Math.sin(angle);
  }
  return { dtype: "f32", shape, data };
}

/**
 * Draws signs, +1 and -1 with equal chance.
 *
 * @param shape The shape of the tensor.
 * @param options The seed and the stream.
 * @returns The signs in f32.
 * @throws {RangeError} If the seed or the stream is not a whole number that a double holds exactly.
 */
export function randomSigns(shape: readonly number[], options: RandomOptions = {}): Tensor {
  const words = new Uint32Array(sizeOf(shape));
  fillWords(words, options);
  return { dtype: "f32", shape, data: Float32Array.from(words, (word) => word >>> 31 ? -1 : 1) };
}

/**
 * Draws a permutation of 0 … length - 1 (Fisher and Yates).
 *
 * @param length How many numbers to permute.
 * @param options The seed and the stream.
 * @returns The permutation.
 * @throws {RangeError} If the seed or the stream is not a whole number that a double holds exactly.
 */
export function randomPermutation(length: number, options: RandomOptions = {}): Tensor<"u32"> {
  const words = new Uint32Array(length);
  fillWords(words, options);
  const data = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(words[i] * 2 ** -32 * (i + 1));
    [data[i], data[j]] = [data[j], data[i]];
  }
  return { dtype: "u32", shape: [length], data };
}
