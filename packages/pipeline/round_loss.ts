// Losses as the manifest has them: with the digits that anyone reads, and none longer than planned.

/** The digits of a loss that the manifest has. */
const LOSS_DIGITS = 6;

/** What the manifest has for a loss above it, or without end: of a weight of zeros it would be 1. */
const MAX_LOSS = 1e9;

/** A loss that takes the most room in JSON: smaller ones have an exponent. */
export const LONGEST_LOSS = 0.00000123456;

/**
 * Rounds a loss to what the manifest has of it.
 *
 * @param loss A loss, 0 or more.
 * @returns The loss to six digits, and at most 10⁹.
 */
export function roundLoss(loss: number): number {
  return Number(Math.min(loss, MAX_LOSS).toPrecision(LOSS_DIGITS));
}
