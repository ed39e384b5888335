import type { MatrixShape } from "@pare/operators";
import { rankWithin } from "./rank_within.ts";

/**
 * How two factors are stored: `factors` as they are, `junction` with an identity among the columns
 * of the right one, for which there is nothing to store.
 */
export type FactorStorage = "factors" | "junction";

/** How a low-rank method's rank is chosen: one of `rank` and `keep`. */
export interface RankOptions {
  /**
   * The rank itself, at most what still saves numbers: ⌊rows·cols / (rows + cols)⌋ for two factors,
   * the shorter side for a junction.
   */
  rank?: number;
  /**
   * The share of the matrix's numbers that the two factors may have together, above 0 and at
   * most 1.
   *
   * @default {0.8}
   */
  keep?: number;
  /**
   * How the factors are stored. A junction has the larger rank for the same numbers, and a bit for
   * each column beside them.
   *
   * @default {"factors"}
   */
  storage?: FactorStorage;
}

/**
 * Counts the numbers that a decomposition of given rank stores: k (m + n) for two factors,
 * k (m + n) − k² for a junction.
 *
 * @example All columns of a junction of full rank
 * ```ts
 * import { numbersOfRank } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(numbersOfRank([4, 6], 4), 40);
 * assertEquals(numbersOfRank([4, 6], 4, "junction"), 24);
 * ```
 *
 * @param shape `[m, n]`.
 * @param rank k.
 * @param storage How the factors are stored.
 * @returns How many numbers there are, without the junction's bit for each column.
 */
export function numbersOfRank(
  [rows, cols]: MatrixShape,
  rank: number,
  storage: FactorStorage = "factors",
): number {
  return rank * (rows + cols) - (storage === "junction" ? rank ** 2 : 0);
}

/**
 * Chooses the rank of a decomposition into two factors: the largest, at least 1, whose numbers are
 * within the share to keep, ⌊keep · m · n / (m + n)⌋ where factors are stored as they are.
 *
 * @example A square matrix, 80 % kept
 * ```ts
 * import { rankOf } from "@pare/decomposers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rankOf([4096, 4096], { keep: 0.8 }), 1638);
 * assertEquals(rankOf([4096, 4096], { keep: 0.8, storage: "junction" }), 2264);
 * ```
 *
 * @param shape `[m, n]`.
 * @param options A rank, or a share to keep, and how the factors are stored.
 * @returns The rank.
 * @throws {RangeError} If both are given, or the rank is beyond what saves numbers.
 */
export function rankOf(shape: MatrixShape, options: RankOptions = {}): number {
  return rankWithin(shape, options, (rank) => numbersOfRank(shape, rank, options.storage));
}
