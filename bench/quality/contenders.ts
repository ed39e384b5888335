// What methods are compared at: sets of steps, each with a name for the table.

import type { WrittenStep } from "./compress_in_memory.ts";
import { QUANTIZER_CONTENDERS } from "./quantizer_contenders.ts";

/** A method at one size. */
export interface Contender {
  /** The method, as the table says it. */
  readonly name: string;
  /** The setting by which rows belong together, such as `20 % removed`. */
  readonly group: string;
  /** Settings of the recipe's step, the smallest first; where there is one, that is taken. */
  readonly ladder: readonly WrittenStep[];
  /**
   * How many bits a weight of the first of the group may take; the others may take as many bytes as
   * that one. Without it the first setting is taken, whatever its size.
   */
  readonly bitsPerWeight?: number;
}

/** Shares of the numbers of the blocks' matrices that are removed. */
const REMOVED = [0.1, 0.2, 0.3, 0.4, 0.5];

/** How low-rank methods are told apart; `keep` is added. */
const LOW_RANK: Readonly<Record<string, WrittenStep>> = {
  "SVD": { method: "svd" },
  "ASVD-0": { method: "asvd", options: { variant: "0" } },
  "ASVD-I": { method: "asvd", options: { variant: "I" } },
  "NSVD-I": { method: "nsvd", options: { variant: "I" } },
  "NSVD-II": { method: "nsvd", options: { variant: "II" } },
  "NID-I": { method: "nid", options: { variant: "I" } },
  "junction NSVD-I": { method: "nsvd", options: { variant: "I", storage: "junction" } },
};

/** The shares of the rank that the first stage of NSVD gets. */
const SHARES = [1, 0.99, 0.95, 0.9, 0.85, 0.8, 0.5];

function keeping(name: string, step: WrittenStep, removed: number): Contender {
  const keep = Number((1 - removed).toFixed(6));
  return {
    name,
    group: `${Math.round(100 * removed)} % removed`,
    ladder: [{ ...step, options: { ...step.options, keep } }],
  };
}

/** The sets that may be asked for. */
export const CONTENDERS: Readonly<Record<string, readonly Contender[]>> = {
  "rtn": [8, 4, 3, 2].flatMap((bits) =>
    [64, 32].map((groupSize) => ({
      name: `rtn g${groupSize}`,
      group: `${bits} bits`,
      ladder: [{ method: "rtn", options: { bits, groupSize, partialGroups: true } }],
    }))
  ),
  "low-rank": REMOVED.flatMap((removed) =>
    Object.entries(LOW_RANK).map(([name, step]) => keeping(name, step, removed))
  ),
  "shares": [0.2, 0.3, 0.4, 0.5].flatMap((removed) =>
    SHARES.map((share) =>
      keeping(`NSVD-I k₁ ${share}`, { method: "nsvd", options: { share } }, removed)
    )
  ),
  ...QUANTIZER_CONTENDERS,
};
