import { ShapeError } from "@pare/tensor";
import type { AttentionOptions } from "../device.ts";
import type { DeviceArray } from "../device_array.ts";
import type { AttentionParams } from "../kernels.ts";
import { batchedShape, checkCount, checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.attention`. */
export function attention<S>(
  context: Context<S>,
  q: DeviceArray,
  k: DeviceArray,
  v: DeviceArray,
  options: AttentionOptions,
): DeviceArray {
  const action = "Cannot attend";
  const sizes = attentionSizes(action, q, k, options);
  checkShape(action, v, k.shape);
  const dtype = context.float(action, q, "attention");
  sameDtype(action, q, k);
  sameDtype(action, q, v);
  const { logSumExp = null } = options;
  if (logSumExp) {
    checkShape(action, logSumExp, [...q.shape.slice(0, -1), sizes.heads]);
    sameDtype(action, q, logSumExp);
  }
  const out = context.make(action, dtype, q.shape);
  context.kernels.attention({
    q: context.open(action, q),
    k: context.open(action, k),
    v: context.open(action, v),
    out: context.open(action, out),
    logSumExp: logSumExp && context.open(action, logSumExp),
    dtype,
    ...sizes,
  });
  return out;
}

type Sizes = Omit<AttentionParams<unknown>, "q" | "k" | "v" | "out" | "dtype" | "logSumExp">;

/** The counts and the scale of attention, which must fit together. */
export function attentionSizes(
  action: string,
  q: DeviceArray,
  k: DeviceArray,
  options: AttentionOptions,
): Sizes {
  const { heads, kvHeads = heads } = options;
  const [batch, queries, width] = batchedShape(action, q);
  const [batchK, keyRows, kvWidth] = batchedShape(action, k);
  const { keyCount = keyRows, window = keyCount } = options;
  const headSize = width / heads;
  checkCount(action, "heads", heads, 1, width);
  checkCount(action, "kvHeads", kvHeads, 1, heads);
  checkCount(action, "keyCount", keyCount, queries, keyRows);
  checkCount(action, "window", window, 1, Infinity);
  if (!Number.isInteger(headSize) || heads % kvHeads !== 0) {
    throw new RangeError(
      `${action} as heads must divide the width and kvHeads the heads: current values are ` +
        `${heads} heads, ${kvHeads} kvHeads, width ${width}`,
    );
  }
  if (batchK !== batch || kvWidth !== kvHeads * headSize) {
    throw new ShapeError(action, [batch, keyRows, kvHeads * headSize], k.shape);
  }
  return {
    batch,
    queries,
    keys: keyCount,
    keyRows,
    heads,
    kvHeads,
    headSize,
    scale: options.scale ?? 1 / Math.sqrt(headSize),
    window: Math.min(window, keyCount),
  };
}
