// How a method went, as the manifest has it: as long as planned at most, and without what says nothing.

import type { Convergence } from "@pare/operators";
import { failAt, readRecord } from "./manifest_fields.ts";
import { LONGEST_LOSS, roundLoss } from "./round_loss.ts";

/** The convergence that takes the most room in a manifest. */
export function longestConvergence(iterations: number): Convergence {
  const losses = Array.from({ length: iterations }, () => LONGEST_LOSS);
  return { losses, chosen: iterations - 1 };
}

/**
 * Rounds what a method tells to what the manifest has of it.
 *
 * @throws {RangeError} If there are more iterations than announced, or what is told is no loss.
 */
export function roundConvergence({ losses, chosen }: Convergence, announced: number): Convergence {
  const action = "Cannot record the iterations";
  if (losses.length < 1 || losses.length > announced) {
    throw new RangeError(
      `${action} as they must be one or more, and at most the ${announced} that the method ` +
        `announces: current number is ${losses.length}`,
    );
  }
  const wrong = losses.find((loss) => !(loss >= 0));
  if (wrong !== undefined) {
    throw new RangeError(`${action} as a loss must be 0 or more: current value is ${wrong}`);
  }
  if (!isIndex(chosen, losses)) {
    throw new RangeError(
      `${action} as the chosen one must be an integer from 0 to ${losses.length - 1}: ` +
        `current value is ${chosen}`,
    );
  }
  return { losses: losses.map(roundLoss), chosen };
}

/** Refuses a value of an untrusted manifest that is no convergence. */
export function checkConvergence(value: unknown, field: string): void {
  const { losses, chosen } = readRecord(value, field);
  if (!Array.isArray(losses) || losses.length === 0 || !losses.every(isLoss)) {
    failAt(`${field}.losses`, "must be a list of numbers of 0 or more", losses);
  }
  if (!isIndex(chosen, losses)) {
    failAt(`${field}.chosen`, `must be an integer from 0 to ${losses.length - 1}`, chosen);
  }
}

function isLoss(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

function isIndex(value: unknown, { length }: readonly unknown[]): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < length;
}
