import type { DeviceArray } from "../device_array.ts";
import type { ArrowheadSvd } from "../factorization_steps.ts";
import { checkShape, sameDtype } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.arrowheadSvd`. */
export function arrowheadSvd<S>(
  context: Context<S>,
  d: DeviceArray,
  z: DeviceArray,
): ArrowheadSvd {
  const action = "Cannot take the singular values of an arrowhead";
  const dtype = context.float(action, d, "arrowheadSvd");
  if (dtype !== "f64") {
    throw new TypeError(`${action} as the dtype must be f64: current dtype is ${dtype}`);
  }
  sameDtype(action, d, z);
  const [count] = d.shape;
  checkShape(action, d, [count]);
  checkShape(action, z, [count]);
  const values = context.make(action, dtype, [count]);
  const left = context.make(action, dtype, [count, count]);
  const right = context.make(action, dtype, [count, count]);
  context.kernels.arrowheadSvd({
    d: context.open(action, d),
    z: context.open(action, z),
    values: context.open(action, values),
    left: context.open(action, left),
    right: context.open(action, right),
    count,
  });
  return { values, left, right };
}
