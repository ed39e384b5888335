import { clusteredMean, type Mean } from "./mean.ts";
import type { WindowScore } from "./window_score.ts";

/** How well a model predicts a text. */
export interface Summary {
  /** Windows scored. */
  readonly windows: number;
  /** Tokens predicted. */
  readonly tokens: number;
  /** Cross-entropy in nats per token. */
  readonly nll: Mean;
  /** exp of the cross-entropy; its standard error by the delta method. */
  readonly perplexity: Mean;
  /** Bits per character of the predicted text, or `null` where the characters were not counted. */
  readonly bitsPerCharacter: Mean | null;
  /** Against the original model, where one was given. */
  readonly against: {
    /** KL(original ‖ model) in nats per token. */
    readonly kl: Mean;
    /** The share of tokens for which both rank the same token first. */
    readonly top1Agreement: Mean;
    /** Perplexity of the original. */
    readonly perplexity: Mean;
    /** Perplexity of the model over that of the original, with the error of the paired difference. */
    readonly perplexityRatio: Mean;
  } | null;
}

/**
 * Sums up the scores of many windows.
 *
 * @example Two windows of a perfect coin
 * ```ts
 * import { summarize } from "@pare/evaluators";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const window = { tokens: 10, nll: 10 * Math.log(2), against: null };
 * assertAlmostEquals(summarize([window, window]).perplexity.mean, 2, 1e-12);
 * ```
 *
 * @param scores One per window.
 * @param characters How many characters each window's predicted tokens spell, if known.
 * @returns Means over all tokens with their standard errors.
 * @throws {RangeError} If there are no windows, some have an original to compare with and some have
 * none, or the characters are of another number of windows.
 */
export function summarize(
  scores: readonly WindowScore[],
  characters: readonly number[] | null = null,
): Summary {
  const against = scores.flatMap((score) => score.against ?? []);
  if (scores.length === 0 || (against.length > 0 && against.length < scores.length)) {
    throw new RangeError(
      `Cannot sum up as there must be scores, all of them against an original or none: ` +
        `current numbers are ${scores.length} and ${against.length}`,
    );
  }
  if (characters && characters.length !== scores.length) {
    throw new RangeError(
      `Cannot sum up as characters must be of ${scores.length} windows: ` +
        `current number is ${characters.length}`,
    );
  }
  const counts = scores.map((score) => score.tokens);
  const nlls = scores.map((score) => score.nll);
  const nll = clusteredMean(nlls, counts);
  return {
    windows: scores.length,
    tokens: counts.reduce((total, count) => total + count, 0),
    nll,
    perplexity: exponential(nll),
    bitsPerCharacter: characters &&
      clusteredMean(nlls.map((value) => value / Math.LN2), characters),
    against: against.length === 0 ? null : {
      kl: clusteredMean(against.map((score) => score.kl), counts),
      top1Agreement: clusteredMean(against.map((score) => score.agreements), counts),
      perplexity: exponential(clusteredMean(against.map((score) => score.nll), counts)),
      perplexityRatio: exponential(
        clusteredMean(against.map((score, i) => nlls[i] - score.nll), counts),
      ),
    },
  };
}

function exponential({ mean, standardError }: Mean): Mean {
  return { mean: Math.exp(mean), standardError: Math.exp(mean) * standardError };
}
