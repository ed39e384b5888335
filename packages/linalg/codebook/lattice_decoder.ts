// What the codes of one row mean.

import type { LatticeFormat } from "../lattice_steps.ts";
import { E8P_BLOCK, e8pResidualCodebook } from "./e8p.ts";
import { e8pPatterns, oddness, PATTERNS, withParity } from "./e8p_patterns.ts";

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
  const odd = Uint8Array.from(
    { length: PATTERNS },
    (_, a) => oddness(patterns.subarray(E8P_BLOCK * a, E8P_BLOCK * (a + 1))),
  );
  const residuals = e8pResidualCodebook();
  /** Adds a codeword, or as much of it as there is room for. */
  const addCodeword = (code: number, factor: number, target: Float64Array, start: number) => {
    const first = code >> 8 << 3;
    const minus = withParity(code & 127, odd[code >> 8]);
    const shift = code & 128 ? -0.25 : 0.25;
    const count = Math.min(E8P_BLOCK, target.length - start);
    for (let i = 0; i < count; i++) {
      const entry = patterns[first + i];
      target[start + i] += ((minus >> i & 1 ? -entry : entry) / 2 + shift) * factor;
    }
  };
  const addResidual = (code: number, factor: number, target: Float64Array, start: number) => {
    const count = Math.min(E8P_BLOCK, target.length - start);
    for (let i = 0; i < count; i++) target[start + i] += residuals[8 * code + i] / 4 * factor;
  };
  const second = 1 / (residualScale ?? 1);
  return (codes, target) => {
    target.fill(0);
    const blocks = Math.ceil(target.length / E8P_BLOCK);
    for (let block = 0; block < blocks; block++) {
      const start = E8P_BLOCK * block;
      addCodeword(codes[2 * block] | codes[2 * block + 1] << 8, 1, target, start);
      const at = 2 * blocks + (bits - 2) * block;
      if (bits === 3) addResidual(codes[at], second, target, start);
      if (bits === 4) addCodeword(codes[at] | codes[at + 1] << 8, second, target, start);
    }
  };
}
