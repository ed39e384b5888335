import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

const ROTARY: Kernel<
  "x" | "cos" | "sin" | "positions",
  "out",
  "rows" | "firstRow" | "tokens" | "heads" | "half" | "positionCount"
> = {
  name: "rotary",
  reads: { x: "f32", cos: "f32", sin: "f32", positions: "u32" },
  writes: { out: "f32" },
  params: {
    rows: "u32",
    firstRow: "u32",
    tokens: "u32",
    heads: "u32",
    half: "u32",
    positionCount: "u32",
  },
  code: () =>
    /* wgsl */ `${MAIN}
  let index = group * ${GROUP_SIZE}u + local;
  let head = index / p.half;
  let row = head / p.heads;
  if (row >= p.rows) { return; }
  let i = index % p.half;
  let position = positions[p.positions_at + (p.firstRow + row) % p.tokens];
  let angle = min(position, p.positionCount - 1) * p.half + i;
  let low = head * 2 * p.half + i;
  let high = low + p.half;
  let a = x[p.x_at + low];
  let b = x[p.x_at + high];
  let c = cos[p.cos_at + angle];
  let s = sin[p.sin_at + angle];
  out[p.out_at + low] = a * c - b * s;
  out[p.out_at + high] = b * c + a * s;
}`,
};

/** Rotates element i of a head with element i + headSize/2 by the angle of the token's position. */
export function rotary(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["rotary"]>[0]): void {
  const { x, cos, sin, positions, out, batch, tokens, heads, headSize, positionCount } = p;
  const width = heads * headSize;
  const half = headSize / 2;
  for (const [row, count] of pieces(batch * tokens, gpu.maxWords / width)) {
    gpu.dispatch(ROTARY, {
      x: view(x, row * width, count * width),
      cos: view(cos, 0, positionCount * half),
      sin: view(sin, 0, positionCount * half),
      positions: view(positions, 0, tokens),
      out: view(out, row * width, count * width),
    }, {
      rows: count,
      firstRow: row,
      tokens,
      heads,
      half,
      positionCount,
    }, Math.ceil(count * heads * half / GROUP_SIZE));
  }
}
