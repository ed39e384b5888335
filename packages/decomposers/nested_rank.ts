import { type Check, integer, number } from "@pare/tensor";

/** How the rank of a nested decomposition is split between its two stages. */
export interface NestedOptions {
  /**
   * The share of the rank that goes to the first stage, which is aware of the inputs; the rest goes
   * to the second one, which is not. Rounded half up, and to 1 at least; 0 leaves the first stage out.
   *
   * @default {0.95}
   */
  share?: number;
  /** The rank of the second stage, at most the whole; instead of a share. */
  nestedRank?: number;
}

/** One rule per option of the split. */
export const NESTED_CHECKS: Readonly<Record<keyof NestedOptions, Check>> = {
  share: number(0, 1),
  nestedRank: integer(0),
};

/**
 * Splits a rank k into k₁ of the first stage and k₂ of the second.
 *
 * @throws {RangeError} If both a share and a rank are given, or more than there is.
 */
export function splitRank(rank: number, options: NestedOptions): [first: number, then: number] {
  const { share = 0.95, nestedRank } = options;
  if (nestedRank === undefined) {
    const first = share === 0 ? 0 : Math.max(1, Math.floor(share * rank + 0.5));
    return [first, rank - first];
  }
  if (options.share !== undefined) {
    throw new RangeError(
      `Cannot split a rank as only one of share and nestedRank must be given: current values are ` +
        `${share} and ${nestedRank}`,
    );
  }
  if (nestedRank > rank) {
    throw new RangeError(
      `Cannot split a rank as nestedRank must be at most ${rank}, the whole: current value is ` +
        `${nestedRank}`,
    );
  }
  return [rank - nestedRank, nestedRank];
}
