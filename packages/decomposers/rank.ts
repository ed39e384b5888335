import type { MatrixShape } from "@pare/operators";

/** How a low-rank method's rank is chosen: one of the two. */
export interface RankOptions {
  /** The rank itself, at most what still saves numbers: ⌊rows·cols / (rows + cols)⌋. */
  rank?: number;
  /**
   * The share of the matrix's numbers that the two factors may have together, above 0 and at
   * most 1.
   *
   * @default {0.8}
   */
  keep?: number;
}

/**
 * Chooses the rank of a two-factor decomposition, k = ⌊keep · m · n / (m + n)⌋, at least 1.
 *
 * @example A square matrix, 80 % kept
 * ```ts
 * import { rankOf } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rankOf([4096, 4096], { keep: 0.8 }), 1638);
 * ```
 *
 * @param shape `[m, n]`.
 * @param options A rank, or a share to keep.
 * @returns The rank.
 * @throws {RangeError} If both are given, or the rank is beyond what saves numbers.
 */
export function rankOf([rows, cols]: MatrixShape, options: RankOptions = {}): number {
  const largest = Math.max(1, Math.floor(rows * cols / (rows + cols)));
  const { rank, keep = 0.8 } = options;
  if (rank === undefined) {
    // The product is formed first, as keep · m · n is often whole and m + n seldom divides it.
    return Math.max(1, Math.floor(Math.floor(keep * rows * cols) / (rows + cols)));
  }
  if (options.keep !== undefined) {
    throw new RangeError(
      `Cannot choose a rank as only one of rank and keep must be given: current values are ` +
        `${rank} and ${keep}`,
    );
  }
  if (rank > largest) {
    throw new RangeError(
      `Cannot choose a rank as it must be at most ${largest} for a ${rows} × ${cols} matrix, ` +
        `where two factors stop being smaller: current value is ${rank}`,
    );
  }
  return rank;
}
