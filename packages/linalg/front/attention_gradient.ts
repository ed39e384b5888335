import type { AttentionOptions } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { AttentionGradient, AttentionRecord } from "../training_steps.ts";
import { attentionSizes } from "./attention.ts";
import { checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `TrainingSteps.attentionGradient`. */
export function attentionGradient<S>(
  context: Context<S>,
  record: AttentionRecord,
  gradient: DeviceArray,
  options: Omit<AttentionOptions, "keyCount" | "logSumExp">,
): AttentionGradient {
  const action = "Cannot differentiate attention";
  const { q, k, v, out, logSumExp } = record;
  const { heads, kvHeads, scale, window } = options;
  const sizes = attentionSizes(action, q, k, { heads, kvHeads, scale, window });
  const dtype = context.float(action, q, "attentionGradient");
  checkShape(action, v, k.shape);
  checkShape(action, out, q.shape);
  checkShape(action, gradient, q.shape);
  checkShape(action, logSumExp, [...q.shape.slice(0, -1), heads]);
  for (const array of [k, v, out, logSumExp, gradient]) sameDtype(action, q, array);
  const results = {
    q: context.make(action, dtype, q.shape),
    k: context.make(action, dtype, k.shape),
    v: context.make(action, dtype, v.shape),
  };
  context.kernels.attentionGradient({
    q: context.open(action, q),
    k: context.open(action, k),
    v: context.open(action, v),
    out: context.open(action, out),
    logSumExp: context.open(action, logSumExp),
    gradient: context.open(action, gradient),
    gradientQ: context.open(action, results.q),
    gradientK: context.open(action, results.k),
    gradientV: context.open(action, results.v),
    dtype,
    ...sizes,
  });
  return results;
}
