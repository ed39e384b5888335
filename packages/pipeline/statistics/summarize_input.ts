import type { Statistics } from "@pare/operators";

/** What is worth a look about the statistics of one input before anything is built on them. */
export interface InputSummary {
  /** The tokens that were seen. */
  readonly tokens: number;
  /** The channels. */
  readonly channels: number;
  /**
   * The largest Σ x² of a channel in terms of the median one: far above the rest where activations
   * are massive, which then decide alone what a decomposition keeps. `null` where the median is 0.
   */
  readonly peak: number | null;
  /** Channels that were zero in every token: whatever they are multiplied by leaves no trace. */
  readonly deadChannels: number;
  /**
   * Whether there are fewer tokens than channels: the Gram matrix is singular, and says nothing of
   * the directions that no token had.
   */
  readonly isUndetermined: boolean;
}

/**
 * Summarizes the statistics of one input.
 *
 * @example A massive channel and a dead one
 * ```ts
 * import { summarizeInput } from "@pare/pipeline";
 * import { tensor } from "@pare/tensor";
 * import { assertEquals } from "@std/assert";
 *
 * const gram = tensor(Float64Array.of(400, 0, 0, 0, 2, 0, 0, 0, 0), [3, 3]);
 * const { peak, deadChannels } = summarizeInput({ tokens: 10, gram });
 * assertEquals([peak, deadChannels], [200, 1]);
 * ```
 *
 * @param statistics The token count and the Gram matrix.
 * @returns The summary.
 */
export function summarizeInput(
  { tokens, gram: { shape: [channels], data } }: Pick<Statistics, "tokens" | "gram">,
): InputSummary {
  const energies = Float64Array.from({ length: channels }, (_, i) => data[i * (channels + 1)])
    .sort();
  // Of an even number the upper one: a sum of two could overflow.
  const median = energies[channels >> 1];
  const largest = energies[channels - 1];
  return {
    tokens,
    channels,
    peak: median > 0 ? largest / median : null,
    deadChannels: energies.filter((energy) => energy === 0).length,
    isUndetermined: tokens < channels,
  };
}
