// The product of up to four rows with a matrix, as WGSL: several invocations share each column of
// the result and go through the depth side by side; a tree adds their sums up.

import { GROUP_SIZE, MAIN } from "./kernel.ts";

/** The most rows. */
export const MAX_VECTORS = 4;

/** What a product of vectors is made of. */
export interface VectorProduct {
  /** The rows computed at once; 1, or 4 of which some may be beyond `p.m`. */
  rows: 1 | 4;
  /** WGSL of the operand `a(i, l)`, in batch entry `batch`. */
  a: (i: string) => string;
  /** WGSL of the operand `b(l, j)`. */
  b: string;
  /** Whether neighbours along `l` lie side by side in the matrix; else those along `j`. */
  deepB: boolean;
  /** WGSL that stores `sum`, element `(i, j)` of batch entry `batch`. */
  store: string;
}

/** Invocations that share a column. */
function lanesOf(deepB: boolean): number {
  return deepB ? 32 : 4;
}

/** How many workgroups a product of vectors takes. */
export function vectorGroups(n: number, deepB: boolean): number {
  return Math.ceil(n * lanesOf(deepB) / GROUP_SIZE);
}

/** Writes the entry point; the kernel has the u32 parameters `m`, `n`, `k` and `batch`. */
export function vectorProduct({ rows, a, b, deepB, store }: VectorProduct): string {
  const lanes = lanesOf(deepB);
  const cols = GROUP_SIZE / lanes;
  const type = rows === 1 ? "f32" : "vec4f";
  // Neighbours in memory are neighbours in the workgroup.
  const [lane, across, step] = deepB
    ? [`local % ${lanes}u`, `local / ${lanes}u`, 1]
    : [`local / ${cols}u`, `local % ${cols}u`, cols];
  const operands = rows === 1
    ? a("0u")
    : `vec4f(${[0, 1, 2, 3].map((i) => a(`min(${i}u, p.m - 1u)`)).join(", ")})`;
  return /* wgsl */ `
var<workgroup> parts: array<${type}, ${GROUP_SIZE}>;
${MAIN}
  let blocks = (p.n + ${cols - 1}u) / ${cols}u;
  let batch = group / blocks;
  if (batch >= p.batch) { return; }
  let lane = ${lane};
  let j = group % blocks * ${cols}u + ${across};
  var sums = ${type}();
  if (j < p.n) {
    for (var l = lane; l < p.k; l += ${lanes}u) {
      sums += ${operands} * ${b};
    }
  }
  parts[local] = sums;
  for (var stride = ${lanes / 2}u; stride > 0u; stride /= 2u) {
    workgroupBarrier();
    if (lane < stride) {
      parts[local] += parts[local + stride * ${step}u];
    }
  }
  if (lane != 0u || j >= p.n) { return; }
  sums = parts[local];
  ${
    rows === 1
      ? `let i = 0u; let sum = sums; ${store}`
      : `for (var i = 0u; i < min(p.m, 4u); i++) { let sum = sums[i]; ${store} }`
  }
}`;
}
