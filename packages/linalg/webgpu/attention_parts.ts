// Attention to the parts of many keys, put together: of each row and part s there are the maximum
// m_s, the sum of weights l_s and the result o_s, and
//
//   out = Σ l_s exp(m_s − m) o_s / Σ l_s exp(m_s − m)    m = max m_s
//
// A part that a row sees nothing of has l_s = 0, and no o_s. The log of the sum of exponentials is
// m + log Σ l_s exp(m_s − m).

import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { type GpuStorage, type View, view } from "./storage.ts";
import { LARGER, LOWEST } from "./tree.ts";

function joinKernel(
  hasSums: boolean,
): Kernel<"x" | "stats", "out" | "sums", "length" | "headSize" | "parts"> {
  const writes = hasSums ? { out: "f32", sums: "f32" } as const : { out: "f32" } as const;
  return {
    name: `attention to parts${hasSums ? " with sums" : ""}`,
    reads: { x: "f32", stats: "pair" },
    writes: writes as { out: "f32"; sums: "f32" },
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
  ${
      hasSums
        ? `if (index % p.headSize == 0) {
    sums[p.sums_at + index / p.headSize] = highest + log(total);
  }`
        : ""
    }
}`,
  };
}

/** Puts the parts of each row together: `x [rows, parts, headSize]`, `stats [rows, parts]`. */
export function joinParts(
  gpu: Gpu,
  x: GpuStorage,
  stats: GpuStorage,
  { out, sums, headSize, parts }: {
    readonly out: View;
    /** Where log Σ exp of each row goes, if it is asked for. */
    readonly sums: View | null;
    readonly headSize: number;
    readonly parts: number;
  },
): void {
  const length = out.count;
  gpu.dispatch(
    joinKernel(sums !== null),
    {
      x: view(x, 0, length * parts),
      stats: view(stats, 0, length / headSize * parts),
      out,
      sums: sums ?? out,
    },
    { length, headSize, parts },
    Math.ceil(length / GROUP_SIZE),
  );
}
