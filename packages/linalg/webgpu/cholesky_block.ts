// Cholesky factor of a block on the diagonal, by one workgroup whose invocations hold it in their
// registers: each has every SIDE-th element of every SIDE-th row. Column after column goes through
// workgroup memory and is subtracted, times itself, from what is right of it.

import type { Kernels } from "../kernels.ts";
import { MAX_BLOCK } from "../step_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { type GpuStorage, view } from "./storage.ts";

const SIDE = 16;
/** Rows, and columns, that an invocation has elements in. */
const EACH = MAX_BLOCK / SIDE;

function each(code: (i: number) => string): string {
  return Array.from({ length: EACH }, (_, i) => code(i)).join("");
}

/** The steps for columns b · SIDE to (b + 1) · SIDE - 1; b is written out, so that registers do. */
function columns(b: number): string {
  return /* wgsl */ `
  for (var inner = 0u; inner < ${SIDE}u; inner++) {
    let j = ${b * SIDE}u + inner;
    if (j >= p.size) { break; }
    if (across == inner) {
      ${each((a) => `column[down + ${a * SIDE}u] = e${a}_${b};\n`)}
    }
    let pivot = workgroupUniformLoad(&column[j]);
    // The opposite of pivot > 0, which a NaN is not.
    if (!(pivot > 0)) {
      if (local == 0u && status[p.status_at] == 0) {
        status[p.status_at] = f32(p.first + j + 1u);
        status[p.status_at + 1u] = pivot;
      }
      return;
    }
    let root = sqrt(pivot);
    ${each((a) => `let row${a} = column[down + ${a * SIDE}u] / root;\n`)}
    ${each((c) => `let col${c} = column[across + ${c * SIDE}u] / root;\n`)}
    if (across == inner) {
      ${each((a) => `e${a}_${b} = select(row${a}, root, down + ${a * SIDE}u == j);\n`)}
    }
    ${
    each((c) =>
      c < b ? "" : /* wgsl */ `
    if (across + ${c * SIDE}u > j) { ${
        each((a) => a < c ? "" : `e${a}_${c} -= row${a} * col${c};`)
      } }`
    )
  }
    workgroupBarrier();
  }`;
}

const CHOLESKY_BLOCK: Kernel<never, "x" | "status", "size" | "lead" | "first"> = {
  name: "cholesky block",
  reads: {},
  writes: { x: "f32", status: "f32" },
  params: { size: "u32", lead: "u32", first: "u32" },
  code: () => /* wgsl */ `
var<workgroup> column: array<f32, ${MAX_BLOCK}>;
fn at(i: u32, j: u32) -> f32 {
  if (i >= p.size || j > i) { return 0; }
  return x[p.x_at + i * p.lead + j];
}
fn put(i: u32, j: u32, value: f32) {
  if (i < p.size && j <= i) { x[p.x_at + i * p.lead + j] = value; }
}
${mainOf(SIDE * SIDE)}
  let down = local / ${SIDE}u;
  let across = local % ${SIDE}u;
  ${
    each((a) =>
      each((c) => c > a ? "" : `var e${a}_${c} = at(down + ${a * SIDE}u, across + ${c * SIDE}u);\n`)
    )
  }
  ${each((c) => each((a) => a >= c ? "" : `var e${a}_${c} = 0.0;\n`))}
  ${each(columns)}
  ${
    each((a) =>
      each((c) => c > a ? "" : `put(down + ${a * SIDE}u, across + ${c * SIDE}u, e${a}_${c});\n`)
    )
  }
}`,
};

/** Factorizes a block in place. */
export function choleskyBlock(
  gpu: Gpu,
  p: Parameters<Kernels<GpuStorage>["choleskyBlock"]>[0],
): void {
  const { x, lead, at, size, status } = p;
  const arrays = {
    x: view(x, at * (lead + 1), (size - 1) * (lead + 1) + 1),
    status: view(status, 0, 2),
  };
  gpu.dispatch(CHOLESKY_BLOCK, arrays, { size, lead, first: at }, 1);
}
