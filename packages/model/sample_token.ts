/** How to choose a token. */
export interface SamplingOptions {
  /**
   * What logits are divided by; 0 takes the likeliest token.
   *
   * @default {0}
   */
  temperature?: number;
  /** How many of the likeliest tokens to choose from; all by default. */
  topK?: number;
  /**
   * Chooses from the fewest likeliest tokens whose probabilities add up to this.
   *
   * @default {1}
   */
  topP?: number;
}

/**
 * Chooses the next token: divides by the temperature, keeps the `topK` likeliest, of those the
 * fewest that make up `topP`, and draws one of them. Of equals the lower id comes first.
 *
 * @param logits One per token of the vocabulary, finite.
 * @param uniform A random number from [0, 1).
 * @param options How to choose.
 * @returns The id of the token.
 */
export function sampleToken(
  logits: Float32Array,
  uniform: number,
  options: SamplingOptions = {},
): number {
  const { temperature = 0, topK = logits.length, topP = 1 } = options;
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  if (temperature === 0) return best;
  const weights = Float64Array.from(
    logits,
    (logit) => Math.exp((logit - logits[best]) / temperature),
  );
  const ids = Uint32Array.from(logits, (_, i) => i);
  if (topK >= logits.length && topP >= 1) return draw(ids, weights, uniform);
  // Sorting is stable: equals stay in the order of their ids.
  const likeliest = ids.sort((a, b) => weights[b] - weights[a]).subarray(0, topK);
  return draw(nucleus(likeliest, weights, topP), weights, uniform);
}

/** The fewest of the sorted ids whose weights are at least `share` of those of all. */
function nucleus(sorted: Uint32Array, weights: Float64Array, share: number): Uint32Array {
  const wanted = share * total(sorted, weights);
  let sum = 0;
  const last = sorted.findIndex((id) => (sum += weights[id]) >= wanted);
  return last < 0 ? sorted : sorted.subarray(0, last + 1);
}

/** The id at which the running sum of weights passes `uniform` of their total. */
function draw(ids: Uint32Array, weights: Float64Array, uniform: number): number {
  const wanted = uniform * total(ids, weights);
  let sum = 0;
  const at = ids.findIndex((id) => (sum += weights[id]) > wanted);
  return ids[at < 0 ? ids.length - 1 : at];
}

function total(ids: Uint32Array, weights: Float64Array): number {
  return ids.reduce((sum, id) => sum + weights[id], 0);
}
