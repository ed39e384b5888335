// How a step of a recipe asks for ranks: one budget for all layers it compresses, and a rule.

import { ALLOCATION_RULES, type AllocationRuleName } from "@pare/decomposers";
import { type Check, checkOptions, integer, number, oneOf } from "@pare/tensor";
import type { Method, Options } from "./registry.ts";

/** How the layers of a step get their ranks; one of `keep` and `bytes` is there. */
export interface StepAllocation {
  /** The rule that shares the budget out. */
  readonly rule: AllocationRuleName;
  /** The budget, as a share of what the layers take dense in the dtype of the factors. */
  readonly keep?: number;
  /** The budget in bytes on disk, side information included. */
  readonly bytes?: number;
}

/** One rule per field of {@linkcode StepAllocation}. */
export const ALLOCATION_CHECKS: Readonly<Record<keyof StepAllocation, Check>> = {
  rule: oneOf(...Object.keys(ALLOCATION_RULES)),
  keep: number(Number.MIN_VALUE, 1),
  bytes: integer(1),
};

/**
 * Reads the allocation of a step.
 *
 * @param action What cannot be done otherwise, to begin a message.
 * @param value The parsed JSON, an object.
 * @param step The method, its name, and the options it has from the step.
 * @returns The allocation in full.
 * @throws {RangeError} If the method has no ranks, the options have one already or ask for layers to be
 * compressed as one, or a value breaks its rule.
 * @throws {TypeError} If a key is unknown.
 */
export function parseAllocation(
  action: string,
  value: Options,
  { name, method, options }: { name: string; method: Method; options: Options },
): StepAllocation {
  if (!method.spectrum) {
    throw new RangeError(
      `${action} as only a method that has ranks must have an allocation: current method is ${name}`,
    );
  }
  if (method.together?.isAsked(options)) {
    throw new RangeError(
      `${action} as layers that are compressed as one must have their rank from the options: ` +
        `current step has an allocation`,
    );
  }
  const given = ["rank", "keep"].filter((option) => options[option] !== undefined);
  if (given.length > 0) {
    throw new RangeError(
      `${action} as the rank must come from the allocation or from the options, not from both: ` +
        `current options have ${given.join(" and ")}`,
    );
  }
  checkOptions(`${action} (allocation)`, value, ALLOCATION_CHECKS);
  const { rule, keep, bytes } = value as Partial<StepAllocation>;
  if (rule === undefined) {
    throw new RangeError(
      `${action} (allocation) as rule must be ${ALLOCATION_CHECKS.rule.wanted}: ` +
        `current value is undefined`,
    );
  }
  if (bytes === undefined) return { rule, keep: keep ?? 0.8 };
  if (keep === undefined) return { rule, bytes };
  throw new RangeError(
    `${action} (allocation) as only one of keep and bytes must be given: current values are ` +
      `${keep} and ${bytes}`,
  );
}
