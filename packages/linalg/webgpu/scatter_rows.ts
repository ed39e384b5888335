// Adds rows to picked rows of a matrix, in order and without atomics.
//
// Each row that comes has a workgroup to every 256 columns, which looks for all rows of the same index:
// the first of these adds them all, one after the other, the others leave it to that one. Looking up
// takes n² comparisons for n rows, whatever the height of the matrix: 4 million for 2048 tokens, 64
// invocations at a time and 32 comparisons to a word of bits, against n times the columns of additions.

import type { TrainingKernels } from "../training_kernels.ts";
import type { Gpu } from "./gpu.ts";
import { type Kernel, mainOf } from "./kernel.ts";
import { pieces } from "./pieces.ts";
import { type GpuStorage, view } from "./storage.ts";

const SIZE = 64;
const COLS_EACH = 4;
/** Columns that a workgroup adds. */
const COLS = SIZE * COLS_EACH;
/** Indices that a workgroup compares before it adds. */
const COMPARED = SIZE * 32;

const SCATTER: Kernel<
  "indices" | "rows",
  "out",
  "count" | "cols" | "lastRow" | "firstRow" | "outRows"
> = {
  name: "scatter rows",
  reads: { indices: "u32", rows: "f32" },
  writes: { out: "f32" },
  params: { count: "u32", cols: "u32", lastRow: "u32", firstRow: "u32", outRows: "u32" },
  code: () => /* wgsl */ `
var<workgroup> found: array<u32, ${SIZE}>;
fn index_of(i: u32) -> u32 { return min(indices[p.indices_at + i], p.lastRow); }
${mainOf(SIZE)}
  let tiles = (p.cols + ${COLS - 1}) / ${COLS};
  let own = group / tiles;
  if (own >= p.count) { return; }
  let index = index_of(own);
  // Whether the row lies in this part of the matrix; wraps around where it lies before.
  let row = index - p.firstRow;
  let is_here = row < p.outRows;
  let col = group % tiles * ${COLS} + local;
  var is_first = row < p.outRows;
  var sum = vec4f();
  for (var start = 0u; start < p.count; start += ${COMPARED}) {
    let first = start + local * 32;
    var bits = 0u;
    for (var b = 0u; b < 32; b++) {
      if (first + b < p.count && index_of(first + b) == index) { bits |= 1u << b; }
    }
    workgroupBarrier();
    found[local] = bits;
    workgroupBarrier();
    for (var word = 0u; word < ${SIZE}; word++) {
      for (var left = found[word]; left != 0; left &= left - 1) {
        let i = start + word * 32 + firstTrailingBit(left);
        is_first = is_first && i >= own;
        if (!is_first) { break; }
        for (var c = 0u; c < ${COLS_EACH}; c++) {
          let at = col + c * ${SIZE};
          if (at < p.cols) {
            if (i == own) { sum[c] = out[p.out_at + row * p.cols + at]; }
            sum[c] += rows[p.rows_at + i * p.cols + at];
          }
        }
      }
    }
  }
  for (var c = 0u; c < ${COLS_EACH}; c++) {
    if (is_first && col + c * ${SIZE} < p.cols) {
      out[p.out_at + row * p.cols + col + c * ${SIZE}] = sum[c];
    }
  }
}`,
};

/** `target[indices[i]] += rows[i]`, in the order of i. */
export function scatterRows(
  gpu: Gpu,
  p: Parameters<TrainingKernels<GpuStorage>["scatterRows"]>[0],
): void {
  const { target, indices, rows, targetRows, count, cols } = p;
  for (const [first, part] of pieces(count, gpu.maxWords / cols)) {
    for (const [firstRow, outRows] of pieces(targetRows, gpu.maxWords / cols)) {
      gpu.dispatch(SCATTER, {
        indices: view(indices, first, part),
        rows: view(rows, first * cols, part * cols),
        out: view(target, firstRow * cols, outRows * cols),
      }, {
        count: part,
        cols,
        lastRow: targetRows - 1,
        firstRow,
        outRows,
      }, part * Math.ceil(cols / COLS));
    }
  }
}
