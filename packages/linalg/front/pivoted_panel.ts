import type { DeviceArray } from "../device_array.ts";
import type { PivotedPanel } from "../factorization_steps.ts";
import { MAX_PANEL } from "../step_kernels.ts";
import { checkCount, checkIndices, matrixShape } from "./checks.ts";
import type { Context } from "./context.ts";

/** See `Device.pivotedPanel`. */
export function pivotedPanel<S>(
  context: Context<S>,
  columns: DeviceArray,
  order: DeviceArray,
  first: number,
  width: number,
): PivotedPanel {
  const action = "Cannot choose columns";
  const dtype = context.float(action, columns, "pivotedPanel");
  const [n, m] = matrixShape(action, columns);
  checkIndices(action, order, [n]);
  checkCount(action, "first", first, 0, Math.min(n, m) - 1);
  checkCount(action, "width", width, 1, Math.min(MAX_PANEL, n - first, m - first));
  const panel = {
    v: context.make(action, dtype, [width, m - first]),
    t: context.make(action, dtype, [width, width]),
    f: context.make(action, dtype, [n - first, width]),
    count: context.make(action, "u32", [1]),
  };
  context.kernels.pivotedPanel({
    x: context.open(action, columns),
    order: context.open(action, order),
    v: context.open(action, panel.v),
    t: context.open(action, panel.t),
    f: context.open(action, panel.f),
    count: context.open(action, panel.count),
    dtype,
    n,
    m,
    first,
    width,
  });
  return panel;
}
