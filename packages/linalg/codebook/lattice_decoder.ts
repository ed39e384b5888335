// What the codes of one row mean.

import type { LatticeFormat } from "../lattice_steps.ts";
import { E8P_BLOCK, e8pResidualCodebook } from "./e8p.ts";
import { e8pPatterns } from "./e8p_patterns.ts";

/** Writes what the packed codes of one row mean, in f64, before they are scaled. */
export type LatticeDecoder = (codes: Uint8Array, target: Float64Array) => void;

/**
 * Makes what decodes rows of lattice codes, packed as {@linkcode LatticeArrays} tells.
 *
 * @example One codeword of E8P
 * ```ts
 * import { latticeDecoder } from "@pare/linalg";
 * import { assertEquals } from "@std/assert";
 *
 * const decode = latticeDecoder({ bits: 2, residualScale: null });
 * const row = new Float64Array(8);
 * decode(Uint8Array.of(0x01, 0x01), row);
 * assertEquals(row, Float64Array.of(-0.25, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 1.75));
 * ```
 *
 * @param format The bits, and what residuals were multiplied with.
 * @returns The decoder: it fills an array of as many numbers as the row has, also a part of the last
 * block.
 */
export function latticeDecoder({ bits, residualScale }: LatticeFormat): LatticeDecoder {
  const patterns = e8pPatterns();
  const residuals = e8pResidualCodebook();
  const entries = new Float64Array(E8P_BLOCK);
  const addCodeword = (code: number, factor: number) => {
    const pattern = patterns.subarray(code >> 8 << 3);
    const shift = code & 128 ? -0.25 : 0.25;
    let isNegative = 0;
    for (let i = 0; i < 7; i++) isNegative ^= code >> i & 1 ^ pattern[i] >> 1 & 1;
    isNegative ^= pattern[7] >> 1 & 1;
    for (let i = 0; i < 8; i++) {
      const sign = i < 7 ? code >> i & 1 : isNegative;
      entries[i] += ((sign ? -pattern[i] : pattern[i]) / 2 + shift) * factor;
    }
  };
  const second = 1 / (residualScale ?? 1);
  return (codes, target) => {
    const blocks = Math.ceil(target.length / E8P_BLOCK);
    const wordAt = (at: number) => codes[at] | codes[at + 1] << 8;
    for (let block = 0; block < blocks; block++) {
      entries.fill(0);
      addCodeword(wordAt(2 * block), 1);
      if (bits === 4) addCodeword(wordAt(2 * (blocks + block)), second);
      if (bits === 3) {
        const at = 8 * codes[2 * blocks + block];
        for (let i = 0; i < 8; i++) entries[i] += residuals[at + i] / 4 * second;
      }
      const start = E8P_BLOCK * block;
      target.set(entries.subarray(0, target.length - start), start);
    }
  };
}
