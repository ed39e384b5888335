import type { Kernels } from "../kernels.ts";
import { copyBlock } from "./copy_block.ts";
import type { Gpu } from "./gpu.ts";
import { GROUP_SIZE, type Kernel, MAIN } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

const ROTATE: Kernel<"pairs" | "factors", "out", "rows" | "cols" | "count"> = {
  name: "rotate rows",
  reads: { pairs: "u32", factors: "f32" },
  writes: { out: "f32" },
  params: { rows: "u32", cols: "u32", count: "u32" },
  code: () =>
    /* wgsl */ `${MAIN}
  let col = group * ${GROUP_SIZE}u + local;
  if (col >= p.cols) { return; }
  for (var r = 0u; r < 2u * p.count; r += 2u) {
    let x = p.out_at + min(pairs[p.pairs_at + r], p.rows - 1u) * p.cols + col;
    let y = p.out_at + min(pairs[p.pairs_at + r + 1u], p.rows - 1u) * p.cols + col;
    let c = factors[p.factors_at + r];
    let s = factors[p.factors_at + r + 1u];
    let a = out[x];
    let b = out[y];
    out[x] = c * a + s * b;
    out[y] = c * b - s * a;
  }
}`,
};

/**
 * Rotates pairs of rows, one after the other; one invocation has a column to itself.
 *
 * Of a matrix that is longer than a binding, columns are copied out, rotated and copied back.
 */
export function rotateRows(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["rotateRows"]>[0]): void {
  const { matrix, rows, cols } = p;
  if (rows * cols <= gpu.maxWords) return rotate(gpu, p);
  for (const [col, count] of pieces(cols, gpu.maxWords / rows)) {
    const strip = gpu.allocate(rows * count * 4);
    const whole = { storage: matrix, offset: col, lead: cols };
    const part = { storage: strip, offset: 0, lead: count };
    copy(gpu, whole, part, rows, count);
    rotate(gpu, { ...p, matrix: strip, cols: count });
    copy(gpu, part, whole, rows, count);
    gpu.free(strip);
  }
}

function rotate(gpu: Gpu, p: Parameters<Kernels<GpuStorage>["rotateRows"]>[0]): void {
  const { matrix, pairs, factors, rows, cols, count } = p;
  gpu.dispatch(
    ROTATE,
    {
      pairs: view(pairs, 0, 2 * count),
      factors: view(factors, 0, 2 * count),
      out: view(matrix, 0, rows * cols),
    },
    { rows, cols, count },
    Math.ceil(cols / GROUP_SIZE),
  );
}

/** Where a rectangle lies. */
interface Place {
  readonly storage: GpuStorage;
  readonly offset: number;
  readonly lead: number;
}

function copy(gpu: Gpu, from: Place, to: Place, rows: number, cols: number): void {
  copyBlock(gpu, {
    source: from.storage,
    sourceOffset: from.offset,
    sourceLead: from.lead,
    target: to.storage,
    targetOffset: to.offset,
    targetLead: to.lead,
    rows,
    cols,
    dtype: "f32",
  });
}
