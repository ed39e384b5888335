import type { DeviceArray } from "../device_array.ts";
import type { HouseholderPanel } from "../factorization_steps.ts";
import { MAX_PANEL } from "../step_kernels.ts";
import { checkCount, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.householderPanel`. */
export function householderPanel<S>(context: Context<S>, panel: DeviceArray): HouseholderPanel {
  const action = "Cannot reflect a panel";
  const dtype = context.float(action, panel, "householderPanel");
  const [count, length] = matrixShape(action, panel);
  checkCount(action, "the number of rows", count, 1, Math.min(MAX_PANEL, length));
  const t = context.make(action, dtype, [count, count]);
  const r = context.make(action, dtype, [count, count]);
  context.kernels.householderPanel({
    x: context.open(action, panel),
    t: context.open(action, t),
    r: context.open(action, r),
    dtype,
    count,
    length,
  });
  return { t, r };
}
