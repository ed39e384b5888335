// Every rule by its name in recipes. A new rule is one row here and one in the test's table.

import { allocateGreedy } from "./allocate_greedy.ts";
import { allocateInverseLog } from "./allocate_inverse_log.ts";
import { allocateSensitivity, type SensitivityEntry } from "./allocate_sensitivity.ts";
import { allocateUniform } from "./allocate_uniform.ts";
import type { Allocation, AllocationLayer } from "./allocation.ts";

/** The names of the rules. */
export type AllocationRuleName = "uniform" | "greedy" | "inverse-log" | "sensitivity";

/** A rule that chooses ranks for matrices that share a budget. */
export interface AllocationRule {
  /** One sentence for help texts. */
  readonly summary: string;
  /** Whether it wants the perplexity of the model with each layer compressed by itself. */
  readonly needsTable: boolean;
  /** Chooses the ranks; the table is empty where none is needed. */
  readonly allocate: (
    layers: readonly AllocationLayer[],
    budget: number,
    table: readonly SensitivityEntry[],
  ) => Allocation;
}

/** Every rule by its name. */
export const ALLOCATION_RULES: Readonly<Record<AllocationRuleName, AllocationRule>> = {
  uniform: {
    summary: "The same share of every layer",
    needsTable: false,
    allocate: allocateUniform,
  },
  greedy: {
    summary: "Each byte where it lowers the relative loss most",
    needsTable: false,
    allocate: allocateGreedy,
  },
  "inverse-log": {
    summary: "More for the layers of a role that lose more (SVD-LLM v2)",
    needsTable: false,
    allocate: allocateInverseLog,
  },
  sensitivity: {
    summary: "By the perplexity with each layer compressed by itself (ASVD); slow",
    needsTable: true,
    allocate: allocateSensitivity,
  },
};
