import { sizeOf } from "@pare/tensor";
import type { DeviceArray } from "../device_array.ts";
import type { KernelName } from "../kernels.ts";
import type { Float } from "./checks.ts";
import type { Context } from "./context.ts";

/** Where a kernel reads and writes as many elements as there are. */
export interface Mapped<S> {
  readonly x: S;
  readonly out: S;
  readonly dtype: Float;
  readonly length: number;
}

/** Makes an array of the shape and dtype of another one and has a kernel fill it from there. */
export function mapArray<S>(
  context: Context<S>,
  action: string,
  name: KernelName,
  array: DeviceArray,
  kernel: (mapped: Mapped<S>) => void,
): DeviceArray {
  const dtype = context.float(action, array, name);
  const result = context.make(action, dtype, array.shape);
  const x = context.open(action, array);
  const out = context.open(action, result);
  kernel({ x, out, dtype, length: sizeOf(array.shape) });
  return result;
}
