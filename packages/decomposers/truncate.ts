// What all methods of the family do: choose a basis U stage by stage, and project A on it.
//
//   Ã = L R    L = U    R = Uᵀ A

import type { Device } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import type { Tensor } from "@pare/tensor";
import { nestedBasis, type Stage } from "./basis.ts";
import { conditionerOf, type ConditionerOptions } from "./conditioner.ts";
import type { Factors } from "./factors.ts";
import { projectOnto } from "./projector.ts";

/** One stage: how much of the rank it gets, and how the inputs weigh in it. */
export interface TruncationStage {
  /** How many vectors, 0 or more. */
  readonly rank: number;
  /** How the inputs weigh; `null` where they do not. */
  readonly conditioner: ConditionerOptions | null;
}

/**
 * Truncates a matrix to the vectors that its stages choose.
 *
 * @param weight A, `[m, n]`, finite.
 * @param statistics Of the inputs; `null` if no stage asks for them.
 * @param stages What to choose.
 * @param device Where it is computed; it has f64.
 */
export async function truncate(
  weight: Tensor<"f64">,
  statistics: Statistics | null,
  stages: readonly TruncationStage[],
  device: Device,
): Promise<Factors> {
  const weighed: Stage[] = [];
  for (const { rank, conditioner } of stages) {
    const weighting = conditioner && statistics && rank > 0
      ? await conditionerOf(statistics, conditioner, device)
      : { gram: null };
    weighed.push({ ...weighting, rank });
  }
  return await projectOnto(weight, await nestedBasis(weight, weighed, device), device);
}
