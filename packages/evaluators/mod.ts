/**
 * Measures what compression lost: distortion of weights, perplexity, KL divergence, agreement.
 *
 * @module
 */

export * from "./distortion.ts";
export * from "./evaluate.ts";
export * from "./mean.ts";
export * from "./summary.ts";
export * from "./window_score.ts";
