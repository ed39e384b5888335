import type { MatrixShape } from "@pare/operators";
import { largestWithin } from "./largest_within.ts";
import type { RankOptions } from "./rank.ts";

/**
 * Chooses the rank of a decomposition that stores `numbersOf(rank)` numbers, more for each rank: the
 * one that is given, or the largest, at least 1, whose numbers are within the share to keep.
 *
 * @throws {RangeError} If both are given, or the rank is beyond what saves numbers.
 */
export function rankWithin(
  [rows, cols]: MatrixShape,
  options: Pick<RankOptions, "rank" | "keep">,
  numbersOf: (rank: number) => number,
): number {
  const size = rows * cols;
  const largest = (numbers: number) =>
    largestWithin(1, Math.min(rows, cols), (rank) => numbersOf(rank) <= numbers);
  const { rank, keep = 0.8 } = options;
  if (rank === undefined) return largest(keep * size);
  if (options.keep !== undefined) {
    throw new RangeError(
      `Cannot choose a rank as only one of rank and keep must be given: current values are ` +
        `${rank} and ${keep}`,
    );
  }
  if (rank > largest(size)) {
    throw new RangeError(
      `Cannot choose a rank as it must be at most ${
        largest(size)
      } for a ${rows} × ${cols} matrix, ` +
        `beyond which nothing is saved: current value is ${rank}`,
    );
  }
  return rank;
}
