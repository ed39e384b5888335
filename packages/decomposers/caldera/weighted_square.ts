import type { Device, DeviceArray } from "@pare/linalg";
import { downloadAsF64 } from "./download_as_f64.ts";

/** ‖E‖_H² = tr(E H Eᵀ) of E, `[m, n]`, and a symmetric H, `[n, n]`. Cost: m n². */
export async function weightedSquare(
  outer: Device,
  e: DeviceArray,
  h: DeviceArray,
): Promise<number> {
  using device = outer.scope();
  const rows = device.reduceRows(device.multiply(device.matmul(e, h), e), "sum");
  const { data } = await downloadAsF64(device, rows);
  // Rounding may leave a little less than nothing.
  return Math.max(0, data.reduce((sum, value) => sum + value, 0));
}
