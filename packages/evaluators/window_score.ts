// What one window of text says of a model, and of a model against the one it was made from.
//
// For logits z and the next token y: m = max z, lse = m + log Σ exp(z - m), NLL = lse - z_y, all
// in f64. Against the original's probabilities p, with q those of the model:
//
//   KL = Σ_k p_k (log p_k - log q_k)       top-1 agreement = [argmax p = argmax q]
//
// Of equal logits the lowest index is the argmax.

/** Sums over the predicted tokens of one window. */
export interface WindowScore {
  /** How many tokens were predicted. */
  readonly tokens: number;
  /** Σ -log q(next token), in nats. */
  readonly nll: number;
  /** Against the original, where one was given. */
  readonly against: {
    /** Σ KL(original ‖ model), in nats. */
    readonly kl: number;
    /** How often both rank the same token first. */
    readonly agreements: number;
    /** Σ -log p(next token) of the original, in nats. */
    readonly nll: number;
  } | null;
}

/**
 * Scores the predictions of one window: logits of position i against token i + 1.
 *
 * @example A model that knows
 * ```ts
 * import { scoreWindow } from "@pare/evaluators";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const logits = Float32Array.of(0, Math.log(3), 0, 0);
 * const { nll } = scoreWindow(Uint32Array.of(0, 1), logits, null);
 * assertAlmostEquals(nll, Math.log(4 / 3), 1e-7);
 * ```
 *
 * @param tokens The tokens of the window; the first one is not predicted.
 * @param logits The model's, `[tokens, vocabulary]` flat; the last row is not used.
 * @param original The original's logits of the same shape, or `null`.
 * @returns The sums over the predicted tokens.
 * @throws {RangeError} If a logit is not finite, or the sizes do not fit.
 */
export function scoreWindow(
  tokens: Uint32Array,
  logits: Float32Array,
  original: Float32Array | null,
): WindowScore {
  const vocabulary = logits.length / tokens.length;
  if (!Number.isInteger(vocabulary) || (original && original.length !== logits.length)) {
    throw new RangeError(
      `Cannot score a window as logits must have a row for each of its ${tokens.length} tokens: ` +
        `current lengths are ${logits.length} and ${original?.length ?? "none"}`,
    );
  }
  let nll = 0;
  let kl = 0;
  let agreements = 0;
  let originalNll = 0;
  for (let position = 0; position + 1 < tokens.length; position++) {
    const start = position * vocabulary;
    const target = tokens[position + 1];
    const q = normalizer(logits, start, vocabulary, position);
    nll += q.logSum - logits[start + target];
    if (!original) continue;
    const p = normalizer(original, start, vocabulary, position);
    originalNll += p.logSum - original[start + target];
    if (p.argmax === q.argmax) agreements++;
    for (let k = start; k < start + vocabulary; k++) {
      const logP = original[k] - p.logSum;
      kl += Math.exp(logP) * (logP - (logits[k] - q.logSum));
    }
  }
  const against = original ? { kl, agreements, nll: originalNll } : null;
  return { tokens: tokens.length - 1, nll, against };
}

function normalizer(logits: Float32Array, start: number, length: number, position: number) {
  let argmax = start;
  for (let k = start; k < start + length; k++) {
    if (!Number.isFinite(logits[k])) {
      throw new RangeError(
        `Cannot score a window as every logit must be finite: ` +
          `current value is ${logits[k]} for token ${k - start} at position ${position}`,
      );
    }
    if (logits[k] > logits[argmax]) argmax = k;
  }
  const max = logits[argmax];
  let sum = 0;
  for (let k = start; k < start + length; k++) sum += Math.exp(logits[k] - max);
  return { logSum: max + Math.log(sum), argmax: argmax - start };
}
