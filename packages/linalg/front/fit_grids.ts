import type { DeviceArray } from "../device_array.ts";
import { CLIP_CANDIDATES } from "../rounding_kernels.ts";
import type { FitGridsOptions, FittedGrids } from "../rounding_steps.ts";
import { checkCount, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";
import { checkF32 } from "./round_columns.ts";

/** See `RoundingSteps.fitGrids`. */
export function fitGrids<S>(
  context: Context<S>,
  x: DeviceArray,
  options: FitGridsOptions,
): FittedGrids {
  const action = "Cannot fit grids";
  const { count, symmetric = false, stepDtype = "f16", clip = false } = options;
  const [rows, cols] = matrixShape(action, x);
  checkF32(action, x);
  checkCount(action, "the count of levels", count, 2, 256);
  if (symmetric && count % 2 !== 0) {
    throw new RangeError(
      `${action} as the count of levels must be even for symmetric grids: current value is ${count}`,
    );
  }
  const steps = context.make(action, "f32", [rows, 1]);
  const zeroPoints = symmetric ? null : context.make(action, "f32", [rows, 1]);
  context.kernels.fitGrids({
    x: context.open(action, x),
    steps: context.open(action, steps),
    zeroPoints: zeroPoints && context.open(action, zeroPoints),
    rows,
    cols,
    count,
    isHalf: stepDtype === "f16",
    candidates: clip ? CLIP_CANDIDATES : 1,
  });
  return { steps, zeroPoints: zeroPoints ?? count / 2 };
}
