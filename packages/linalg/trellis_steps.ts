// What a device offers for trellis-coded weights: the search for codes, and the product by them.

import type { DeviceArray } from "./device_array.ts";

/**
 * The weights of one linear layer as walks through a trellis, on a device.
 *
 * The matrix is cut into tiles, those at its end filled up. A tile holds its weights column by column,
 * each as `bits` bits of a circular string of bits; a weight is its scale times `trellisLevel` of its
 * state, which is the `stateBits` bits from its own on, see `trellisState`.
 */
export interface TrellisArrays {
  /** `u8 [⌈rows / tileHeight⌉, ⌈cols / tileWidth⌉ · tileHeight · tileWidth · bits / 8]`. */
  readonly codes: DeviceArray;
  /** What levels are multiplied by, f32 `[rows, 1]`, or `[1, 1]` for one scale in all. */
  readonly scales: DeviceArray;
  /** The bits of one weight, 1 to 4. */
  readonly bits: number;
  /** The bits of a state, from `bits` to 16, and no more than a tile has. */
  readonly stateBits: number;
  /** Rows of a tile, a multiple of 8. */
  readonly tileHeight: number;
  /** Columns of a tile; a tile has 256 weights at most. */
  readonly tileWidth: number;
  /** The output features. */
  readonly rows: number;
  /** The input features. */
  readonly cols: number;
}

/** Options of {@linkcode TrellisSteps.encodeTrellis}. */
export interface TrellisEncoding {
  /** What weights are multiplied by to become levels: 1 / scale, f32 of the shape of the scales. */
  readonly inverses: DeviceArray;
  /** The first column that is encoded, a multiple of `tileWidth`. @default {0} */
  readonly col?: number;
  /**
   * What the columns are now, as this operation returned them: a tile is encoded anew only where that
   * lessens the sum of (x − w) M (x − w)ᵀ over its rows.
   */
  readonly incumbent?: DeviceArray;
  /** M, f32 `[count, count]`, for the columns of one tile; the identity by default. */
  readonly metric?: DeviceArray;
}

/** The operations on trellis-coded weights; what holds for `Device` holds for them. */
export interface TrellisSteps {
  /**
   * Encodes columns by the walk through the trellis that is nearest, and writes the codes to
   * `weight.codes`, in place.
   *
   * A tile is walked twice, by the algorithm of Viterbi: first from its middle around to its middle,
   * free at both ends, which tells the state at its end; then from end to end with that state there
   * (QTIP, section 3.4). Numbers are rounded to half levels and cut off at 1023 of them first, and
   * distances are integers, so that every device finds the same codes; of several walks at the same
   * distance, that whose states have the lowest bits, from the first weight on. Where there is an
   * incumbent, sums are compared in f32 or wider, and devices may differ where they are as good as
   * equal.
   *
   * @param x What the columns should be, f32 `[rows, count]`; whole tiles, or to the last column.
   * @returns The columns as the codes restore them, f32 `[rows, count]`.
   */
  encodeTrellis(x: DeviceArray, weight: TrellisArrays, options: TrellisEncoding): DeviceArray;
  /**
   * `x · Wᵀ`, W decoded while it multiplies.
   *
   * @param x f32 `[…, cols]`.
   * @returns f32 `[…, rows]`.
   */
  trellisMatmul(x: DeviceArray, weight: TrellisArrays): DeviceArray;
}
