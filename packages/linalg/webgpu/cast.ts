import type { Kernels } from "../kernels.ts";
import { forEachElement, groupsFor } from "./elementwise.ts";
import type { Gpu } from "./gpu.ts";

import { type GpuStorage, view } from "./storage.ts";
import type { Kernel } from "./kernel.ts";
import { pieces } from "./pieces.ts";

const TO_PAIRS: Kernel<"x", "out", "length"> = {
  name: "cast f32 to f64",
  reads: { x: "f32" },
  writes: { out: "pair" },
  params: { length: "u32" },
  code: () => forEachElement("vec2f(x[p.x_at + i], 0)"),
};

const FROM_PAIRS: Kernel<"x", "out", "length"> = {
  name: "cast f64 to f32",
  reads: { x: "pair" },
  writes: { out: "f32" },
  params: { length: "u32" },
  code: () => forEachElement("x[p.x_at + i].x + x[p.x_at + i].y"),
};

const FROM_HALVES: Kernel<"x", "out", "length"> = {
  name: "cast f16 to f32",
  reads: { x: "u32" },
  writes: { out: "f32" },
  params: { length: "u32" },
  code: () => forEachElement("unpack2x16float(x[p.x_at + i / 2])[i % 2]"),
};

/**
 * WGSL of `fn half_of(value: f32) -> u32`: the bits of the nearest half, ties to even, as the host
 * rounds; `pack2x16float` leaves open how, and what becomes of large numbers.
 */
export const HALF_OF: string = /* wgsl */ `
fn half_of(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  let sign = (bits >> 16) & 0x8000;
  let magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) { return sign | 0x7e00; }
  if (magnitude >= 0x477ff000) { return sign | 0x7c00; }
  // Below the smallest normal f16 the last place is worth 2^-24, which is that of 0.5 in f32.
  if (magnitude < 0x38800000) {
    return sign | (bitcast<u32>(bitcast<f32>(magnitude) + 0.5) - 0x3f000000);
  }
  let rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return sign | ((rounded - 0x38000000) >> 13);
}`;

const TO_HALVES: Kernel<"x", "out", "length" | "numbers"> = {
  name: "cast f32 to f16",
  reads: { x: "f32" },
  writes: { out: "u32" },
  params: { length: "u32", numbers: "u32" },
  code: () => /* wgsl */ `
${HALF_OF}
fn halves_at(i: u32) -> u32 {
  let low = half_of(x[p.x_at + 2 * i]);
  return select(low, low | (half_of(x[p.x_at + 2 * i + 1]) << 16), 2 * i + 1 < p.numbers);
}
${forEachElement("halves_at(i)")}`,
};

/** Converts between f32 and pairs of f32, or between f32 and halves. */
export function cast(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["cast"]>[0]): void {
  const { x, out, from, to, length } = p;
  if (to === "f16") return toHalves(gpu, x, out, length);
  const kernel = from === "f16" ? FROM_HALVES : to === "f64" ? TO_PAIRS : FROM_PAIRS;
  for (const [start, count] of pieces(length, gpu.maxWords / 2, 2)) {
    const arrays = {
      x: from === "f16" ? view(x, start / 2, Math.ceil(count / 2)) : view(x, start, count),
      out: view(out, start, count),
    };
    gpu.dispatch(kernel, arrays, { length: count }, groupsFor(count));
  }
}

/** One word of two numbers for each invocation. */
function toHalves(gpu: Gpu, x: GpuStorage, out: GpuStorage, length: number): void {
  for (const [start, count] of pieces(length, gpu.maxWords, 2)) {
    const words = Math.ceil(count / 2);
    const arrays = { x: view(x, start, count), out: view(out, start / 2, words) };
    gpu.dispatch(TO_HALVES, arrays, { length: words, numbers: count }, groupsFor(words));
  }
}
