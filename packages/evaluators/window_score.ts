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
 * Scores the predictions of one window, or of a part of it: logits of position i against token
 * i + 1.
 *
 * @example A model that knows
 * ```ts
 * import { scoreWindow } from "@pare/evaluators";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const logits = Float32Array.of(0, Math.log(3), 0, 0);
 * const { nll } = scoreWindow(Uint32Array.of(0, 1), logits, null, { vocabularySize: 2 });
 * assertAlmostEquals(nll, Math.log(4 / 3), 1e-7);
 * ```
 *
 * @param tokens The tokens of the window; the first one is not predicted.
 * @param logits The model's, `[positions, vocabulary]` flat; what follows the last token is unused.
 * @param original The original's logits of the same shape, or `null`.
 * @param options The vocabulary's size, and the position that the first row of logits is of.
 * @returns The sums over the predicted tokens.
 * @throws {RangeError} If a logit is not finite, a token unknown, or the sizes do not fit.
 */
export function scoreWindow(
  tokens: Uint32Array,
  logits: Float32Array,
  original: Float32Array | null,
  options: { vocabularySize: number; start?: number },
): WindowScore {
  const { vocabularySize, start = 0 } = options;
  const positions = logits.length / vocabularySize;
  if (!Number.isInteger(positions) || (original && original.length !== logits.length)) {
    throw new RangeError(
      `Cannot score a window as logits must have rows of ${vocabularySize}, as many as the ` +
        `original's: current lengths are ${logits.length} and ${original?.length ?? "none"}`,
    );
  }
  let nll = 0;
  let kl = 0;
  let agreements = 0;
  let originalNll = 0;
  const count = Math.max(0, Math.min(positions, tokens.length - 1 - start));
  for (let i = 0; i < count; i++) {
    const row = i * vocabularySize;
    const token = tokens[start + i + 1];
    if (token >= vocabularySize) {
      throw new RangeError(
        `Cannot score a window as its tokens must be below ${vocabularySize}: ` +
          `current token ${start + i + 1} is ${token}`,
      );
    }
    const target = row + token;
    const q = normalizer(logits, row, vocabularySize, start + i);
    nll += q.logSum - logits[target];
    if (!original) continue;
    const p = normalizer(original, row, vocabularySize, start + i);
    originalNll += p.logSum - original[target];
    if (p.argmax === q.argmax) agreements++;
    for (let k = row; k < row + vocabularySize; k++) {
      const logP = original[k] - p.logSum;
      kl += Math.exp(logP) * (logP - (logits[k] - q.logSum));
    }
  }
  return { tokens: count, nll, against: original && { kl, agreements, nll: originalNll } };
}

/**
 * Adds the scores of two parts of a window.
 *
 * @param a One part.
 * @param b The other.
 * @returns The sums over both.
 */
export function addScores(a: WindowScore, b: WindowScore): WindowScore {
  return {
    tokens: a.tokens + b.tokens,
    nll: a.nll + b.nll,
    against: a.against && b.against && {
      kl: a.against.kl + b.against.kl,
      agreements: a.against.agreements + b.against.agreements,
      nll: a.against.nll + b.against.nll,
    },
  };
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
