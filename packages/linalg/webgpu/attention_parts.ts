// Attention to the parts of many keys, put together: of each row and part s there are the maximum
// m_s, the sum of weights l_s and the result o_s, and
//
//   out = Σ l_s exp(m_s − m) o_s / Σ l_s exp(m_s − m)    m = max m_s
//
// A part that a row sees nothing of has l_s = 0, and no o_s.

import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type GpuStorage, type View, view } from "./storage.ts";
import { LARGER, LOWEST } from "./tree.ts";

const JOIN: Kernel<"x" | "stats", "out", "length" | "headSize" | "parts"> = {
  name: "attention to parts",
  reads: { x: "f32", stats: "pair" },
  writes: { out: "f32" },
  params: { length: "u32", headSize: "u32", parts: "u32" },
  code: () => /* wgsl */ `
${LARGER}
${MAIN}
  let index = group * ${GROUP_SIZE} + local;
  if (index >= p.length) { return; }
  let first = index / p.headSize * p.parts;
  var highest = ${LOWEST};
  for (var s = first; s < first + p.parts; s++) {
    highest = larger(highest, stats[p.stats_at + s].x);
  }
  var total = 0.0;
  var sum = 0.0;
  for (var s = first; s < first + p.parts; s++) {
    let part = stats[p.stats_at + s];
    if (part.y != 0) {
      let weight = part.y * exp(part.x - highest);
      total += weight;
      sum += weight * x[p.x_at + s * p.headSize + index % p.headSize];
    }
  }
  out[p.out_at + index] = sum / total;
}`,
};

/** Puts the parts of each row together: `x [rows, parts, headSize]`, `stats [rows, parts]`. */
export function joinParts(
  gpu: Gpu,
  x: GpuStorage,
  stats: GpuStorage,
  out: View,
  headSize: number,
  parts: number,
): void {
  const length = out.count;
  gpu.dispatch(
    JOIN,
    {
      x: view(x, 0, length * parts),
      stats: view(stats, 0, length / headSize * parts),
      out,
    },
    { length, headSize, parts },
    Math.ceil(length / GROUP_SIZE),
  );
}
