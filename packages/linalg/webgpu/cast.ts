import type { Kernels } from "../kernels.ts";
import { forEachElement, groupsFor } from "./elementwise.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import type { Kernel } from "./kernel.ts";
import { pieces } from "./pieces.ts";

const TO_PAIRS: Kernel<"x", "out", "length"> = {
  name: "cast to f64",
  reads: { x: "f32" },
  writes: { out: "pair" },
  params: { length: "u32" },
  code: () => forEachElement("vec2f(x[p.x_at + i], 0)"),
};

const FROM_PAIRS: Kernel<"x", "out", "length"> = {
  name: "cast to f32",
  reads: { x: "pair" },
  writes: { out: "f32" },
  params: { length: "u32" },
  code: () => forEachElement("x[p.x_at + i].x + x[p.x_at + i].y"),
};

/** Converts f32 to pairs of f32, or adds up such pairs. */
export function cast(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["cast"]>[0]): void {
  const { x, out, to, length } = p;
  const kernel = to === "f64" ? TO_PAIRS : FROM_PAIRS;
  for (const [start, count] of pieces(length, gpu.maxWords / 2)) {
    const arrays = { x: view(x, start, count), out: view(out, start, count) };
    gpu.dispatch(kernel, arrays, { length: count }, groupsFor(count));
  }
}
