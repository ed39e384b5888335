import type { Kernels } from "../kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type GpuStorage, view } from "./storage.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";

const TILE = 32;

/** Both sides of a tile are gone through in rows; one column more keeps memory banks apart. */
const TRANSPOSE: Kernel<"x", "out", "rows" | "cols" | "lead" | "outLead"> = {
  name: "transpose",
  reads: { x: "f32" },
  writes: { out: "f32" },
  params: { rows: "u32", cols: "u32", lead: "u32", outLead: "u32" },
  code: () => /* wgsl */ `
var<workgroup> tile: array<f32, ${TILE * (TILE + 1)}>;
${MAIN}
  let blocks = (p.cols + ${TILE - 1}u) / ${TILE}u;
  let row = group / blocks * ${TILE}u;
  let col = group % blocks * ${TILE}u;
  let across = local % ${TILE}u;
  for (var down = local / ${TILE}u; down < ${TILE}u; down += ${GROUP_SIZE / TILE}u) {
    if (row + down < p.rows && col + across < p.cols) {
      tile[down * ${TILE + 1}u + across] = x[p.x_at + (row + down) * p.lead + col + across];
    }
  }
  workgroupBarrier();
  for (var down = local / ${TILE}u; down < ${TILE}u; down += ${GROUP_SIZE / TILE}u) {
    if (col + down < p.cols && row + across < p.rows) {
      out[p.out_at + (col + down) * p.outLead + row + across] = tile[across * ${TILE + 1}u + down];
    }
  }
}`,
};

/** Swaps rows and columns. */
export function transpose(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["transpose"]>[0]): void {
  const { x, out, rows, cols } = p;
  for (const [row, height] of pieces(rows, gpu.maxWords / cols)) {
    for (const [col, width] of pieces(cols, gpu.maxWords / rows)) {
      const groups = Math.ceil(height / TILE) * Math.ceil(width / TILE);
      gpu.dispatch(
        TRANSPOSE,
        {
          x: view(x, row * cols + col, (height - 1) * cols + width),
          out: view(out, col * rows + row, (width - 1) * rows + height),
        },
        { rows: height, cols: width, lead: cols, outLead: rows },
        groups,
      );
    }
  }
}
