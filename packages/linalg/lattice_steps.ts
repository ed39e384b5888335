// What a device offers for codes of the lattice E8, see codebook/e8p.ts: products with them, and the
// search for them.

import type { DeviceArray } from "./device_array.ts";

/**
 * How numbers are stored, eight at a time, as codes of E8P: 2 bits by a codeword c; 3 and 4 bits by
 * c + r / residualScale, r from the codebook of residuals, or once more from E8P.
 */
export interface LatticeFormat {
  /** Bits for each number. */
  readonly bits: 2 | 3 | 4;
  /** ρ, what residuals were multiplied with, above 0; `null` for 2 bits. */
  readonly residualScale: number | null;
}

/** The weights of one linear layer as codes of a lattice, on a device. */
export interface LatticeArrays extends LatticeFormat {
  /**
   * u8 `[rows, rowBytes]`, rowBytes a multiple of 4: in each row the codes of E8P of all blocks of
   * eight, 16 bits each with the lower ones first; then those of their residuals, 8 bits of each for 3
   * bits, 16 for 4.
   */
  readonly codes: DeviceArray;
  /** What codewords are multiplied with: f32 `[rows, 1]`, or `[1, 1]` for one in all. */
  readonly scales: DeviceArray;
  /** The output features. */
  readonly rows: number;
  /** The input features; the last block may be shorter, and its codewords have more. */
  readonly cols: number;
}

/** Codes of a lattice while they are looked for. */
export interface LatticeTarget extends LatticeFormat {
  /** u32 `[rows, blocks]`: the code of E8P in the lower half, that of the residual in the upper. */
  readonly codes: DeviceArray;
  /** The first block that is looked for. @default {0} */
  readonly first?: number;
  /** What codewords are multiplied with: f32 `[rows, 1]`, or `[1, 1]` for one in all. */
  readonly scales: DeviceArray;
  /** 1 / scales, or 0 where those are 0. */
  readonly inverses: DeviceArray;
}

/** Options of {@linkcode LatticeSteps.nearestLattice}. */
export interface NearestLatticeOptions {
  /**
   * M, f32 `[cols, cols]`, symmetric and positive semidefinite: (u − c) M (u − c)ᵀ tells how far
   * codeword c is from u; the identity by default. Only where x is one block.
   */
  readonly metric?: DeviceArray;
  /**
   * What `target` holds now, f32 `[rows, cols]`, as it was returned: a block keeps its codes unless
   * others are nearer.
   */
  readonly incumbent?: DeviceArray;
}

/** Codes of the lattice E8. */
export interface LatticeSteps {
  /**
   * Finds a codeword for each block of eight columns of x, f32 `[rows, cols]`, and writes its code to
   * `target.codes` in place; a last block that is shorter is filled up with zeros.
   *
   * Without a metric it is the nearest one; for that, x is divided by the scale, rounded to a multiple of
   * 2^-14, and brought within ± 2048; what is NaN counts as 0. Where several are at the same distance, which
   * one is found is the same on all devices. For more than two bits it is the nearest one of either shift,
   * with the residual that is the nearest to what it leaves: of both the one that leaves less.
   *
   * With a metric it is one that no neighbour in the codebook is nearer than, ± e_i ± e_j or ± 2 e_i
   * apart, and so is its residual; and it is no farther by the metric than without one.
   *
   * @returns What the codes mean, f32 `[rows, cols]`.
   */
  nearestLattice(
    x: DeviceArray,
    target: LatticeTarget,
    options?: NearestLatticeOptions,
  ): DeviceArray;
  /**
   * `x · Wᵀ` for W stored as codes of a lattice, decoded while it multiplies.
   *
   * @param x f32 `[…, cols]`.
   * @returns f32 `[…, rows]`.
   */
  latticeMatmul(x: DeviceArray, weight: LatticeArrays): DeviceArray;
}
