// What all methods of the family do: choose a basis U stage by stage, and project A on it.
//
//   Ã = L R    L = U    R = Uᵀ A
//
// On a device that computes in f64 by `basis.ts`, exactly; on one that does not, such as a GPU behind
// WebGPU, by `randomized_basis.ts` in f32.

import { type Device, downloadF32 } from "@pare/linalg";
import type { Statistics } from "@pare/operators";
import { castTo, toF64 } from "@pare/tensor";
import { nestedBasis, type Stage } from "./basis.ts";
import { conditionerOf, type ConditionerOptions, rootOf } from "./conditioner.ts";
import type { Factors } from "./factors.ts";
import { projectOnto } from "./projector.ts";
import { randomizedBasis, type RandomizedStage } from "./randomized_basis.ts";
import type { HostMatrix } from "./upload_f64.ts";

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
 * @param exact Where f64 is computed.
 * @param device Where everything is computed that f32 will do for, unless it has f64; `exact` by
 * default.
 */
export async function truncate(
  weight: HostMatrix,
  statistics: Statistics | null,
  stages: readonly TruncationStage[],
  exact: Device,
  device: Device = exact,
): Promise<Factors> {
  if (!device.supports("f64")) {
    return await truncateInF32(weight, statistics, stages, exact, device);
  }
  const weighed: Stage[] = [];
  for (const { rank, conditioner } of stages) {
    const weighting = conditioner && statistics && rank > 0
      ? await conditionerOf(statistics, conditioner, exact)
      : { gram: null };
    weighed.push({ ...weighting, rank });
  }
  return await projectOnto(weight, await nestedBasis(weight, weighed, exact), exact);
}

async function truncateInF32(
  weight: HostMatrix,
  statistics: Statistics | null,
  stages: readonly TruncationStage[],
  exact: Device,
  device: Device,
): Promise<Factors> {
  const weighed: RandomizedStage[] = [];
  for (const { rank, conditioner } of stages) {
    const isWeighed = conditioner && statistics && rank > 0;
    weighed.push({ root: isWeighed ? await rootOf(statistics, conditioner, exact) : null, rank });
  }
  using scope = device.scope();
  const a = scope.upload(castTo(weight, "f32"));
  const basis = await randomizedBasis(scope, a, weighed);
  const right = scope.matmul(basis, a, { transposeA: true });
  return {
    left: toF64(await downloadF32(scope, basis)),
    right: toF64(await downloadF32(scope, right)),
  };
}
