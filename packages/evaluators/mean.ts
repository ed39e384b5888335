// Means over tokens with a standard error that knows tokens of one window are not independent.
//
// The ratio estimator for clusters of unequal size (W. Cochran, "Sampling Techniques", 3rd edition,
// 1977, section 9A): with S_w and n_w the sum and the count of window w, and W windows,
//
//   mean = Σ S_w / Σ n_w      se² = W / (W - 1) · Σ (S_w - n_w · mean)² / (Σ n_w)²
//
// One window alone says nothing of the spread between windows: its error is NaN.

/** A mean and its standard error. */
export interface Mean {
  /** The mean over all tokens. */
  readonly mean: number;
  /** The standard error of the mean, windows taken as the independent units; NaN for one window. */
  readonly standardError: number;
}

/**
 * Takes the mean over all tokens of all windows.
 *
 * @example Two windows
 * ```ts
 * import { clusteredMean } from "@pare/evaluators";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(clusteredMean([2, 4], [2, 2]), { mean: 1.5, standardError: 0.5 });
 * ```
 *
 * @param sums The sum over each window's tokens.
 * @param counts How many tokens each window has.
 * @returns The mean and its standard error.
 */
export function clusteredMean(sums: readonly number[], counts: readonly number[]): Mean {
  const count = counts.reduce((total, n) => total + n, 0);
  const mean = sums.reduce((total, sum) => total + sum, 0) / count;
  const windows = sums.length;
  const spread = sums.reduce((total, sum, i) => total + (sum - counts[i] * mean) ** 2, 0);
  const standardError = windows > 1 ? Math.sqrt(windows / (windows - 1) * spread) / count : NaN;
  return { mean, standardError };
}
