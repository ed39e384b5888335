import { encodeF16, toF32 } from "@pare/tensor";
import type { DeviceDtype } from "../device_array.ts";
import type { HostArray, Kernels } from "../kernels.ts";

/** The numbers of an array: halves decoded, others as they are. */
export function numbersOf(data: HostArray, dtype: DeviceDtype): HostArray {
  if (dtype !== "f16") return data;
  return toF32({ dtype, shape: [data.length], data: data as Uint16Array<ArrayBuffer> }).data;
}

/** Converts between dtypes, rounding to nearest, ties to even. */
export function cast(p: Parameters<Kernels<HostArray>["cast"]>[0]): void {
  const x = numbersOf(p.x, p.from);
  if (p.to === "f16") { for (let i = 0; i < p.length; i++) p.out[i] = encodeF16(x[i]); }
  else p.out.set(x);
}
