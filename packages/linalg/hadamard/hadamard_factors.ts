// The dense factors of Hadamard transforms on a device: one bit an entry, made once for each device.

import type { Kernels } from "../kernels.ts";
import { paleyMatrix } from "./paley.ts";

/** Hands out the signs of a factor, or of its transpose. */
export type HadamardFactors<S> = (order: number, isTransposed: boolean) => S;

/**
 * Makes the factors of a device, which live as long as its kernels do.
 *
 * @returns u32 `[order, ⌈order / 32⌉]`; bit `j mod 32` of word `⌊j / 32⌋` in row i is set where entry
 * (i, j) is negative.
 */
export function createHadamardFactors<S>(kernels: Kernels<S>): HadamardFactors<S> {
  const made = new Map<string, S>();
  return (order, isTransposed) => {
    const key = `${order} ${isTransposed}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const bits = signBits(paleyMatrix(order), order, isTransposed);
    const storage = kernels.allocate("u32", bits.length);
    kernels.upload(storage, "u32", bits);
    made.set(key, storage);
    return storage;
  };
}

function signBits(matrix: Int8Array, order: number, isTransposed: boolean): Uint32Array {
  const words = Math.ceil(order / 32);
  const bits = new Uint32Array(order * words);
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      const entry = isTransposed ? matrix[j * order + i] : matrix[i * order + j];
      if (entry < 0) bits[i * words + (j >> 5)] |= 1 << (j & 31);
    }
  }
  return bits;
}
